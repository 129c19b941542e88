"""Brevo: sending transactional mails, its webhooks, and its list of events."""

from digest.providers.brevo.events import BrevoWebhook, webhook
from digest.providers.brevo.pulling import BrevoPuller, puller
from digest.providers.brevo.senders import sender_trouble
from digest.providers.brevo.sending import FEATURES, Brevo, build

__all__ = ["FEATURES", "Brevo", "BrevoPuller", "BrevoWebhook", "build", "puller", "sender_trouble", "webhook"]
