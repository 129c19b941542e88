"""Every table of both packages, gathered once, for migrations and for making a fresh database."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import digest.api_keys
import digest.articles.feeds.models
import digest.articles.models
import digest.desk_log
import digest.editors.models
import digest.engine.models
import digest.events.models
import digest.issues.models
import digest.proofs.models
import digest.pulse
import digest.regions
import digest.rendering.models
import digest.sending.models
import digest.users
import subscribers.models

METADATA: MetaData = SQLModel.metadata
