"""Postmark: sending by /email/batch, its webhooks, and its list of bounces."""

from digest.providers.postmark.events import PostmarkWebhook, webhook
from digest.providers.postmark.pulling import PostmarkPuller, puller
from digest.providers.postmark.sending import FEATURES, Postmark, build

__all__ = ["FEATURES", "Postmark", "PostmarkPuller", "PostmarkWebhook", "build", "puller", "webhook"]
