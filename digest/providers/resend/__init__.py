"""Resend: sending by its batch call, and its webhooks. It has no list of events to ask for, so there is no puller."""

from digest.providers.resend.events import ResendWebhook, webhook
from digest.providers.resend.senders import sender_trouble
from digest.providers.resend.sending import FEATURES, Resend, build

__all__ = ["FEATURES", "Resend", "ResendWebhook", "build", "sender_trouble", "webhook"]
