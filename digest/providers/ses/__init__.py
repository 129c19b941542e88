"""Amazon SES, API v2: sending by bulk calls, and its events by SNS. SES keeps no events to ask for: no puller."""

from digest.providers.ses.events import SesWebhook, webhook
from digest.providers.ses.sending import FEATURES, Ses, build

__all__ = ["FEATURES", "Ses", "SesWebhook", "build", "webhook"]
