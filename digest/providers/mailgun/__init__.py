"""Mailgun: sending by its v3 API, its webhooks, and its list of events."""

from digest.providers.mailgun.events import MailgunWebhook, webhook
from digest.providers.mailgun.pulling import MailgunPuller, puller
from digest.providers.mailgun.senders import sender_trouble
from digest.providers.mailgun.sending import FEATURES, Mailgun, build

__all__ = ["FEATURES", "Mailgun", "MailgunPuller", "MailgunWebhook", "build", "puller", "sender_trouble", "webhook"]
