"""SendGrid: sending by its v3 API, and its Event Webhook."""

from digest.providers.sendgrid.events import SendGridWebhook, webhook
from digest.providers.sendgrid.senders import sender_trouble
from digest.providers.sendgrid.sending import FEATURES, SendGrid, build

__all__ = ["FEATURES", "SendGrid", "SendGridWebhook", "build", "sender_trouble", "webhook"]
