"""The product's own command with small batches, for tests that start many: ``python -m tests.engine.worker``."""

from dataclasses import replace
from typing import Any

from digest import cli
from digest.providers import registry
from digest.settings import Settings

BATCH = 10  # readers a call

_build = registry.build


def _small(settings: Settings, *rest: Any) -> Any:
    provider: Any = _build(settings, *rest)
    provider.features = replace(provider.features, max_recipients=BATCH)
    return provider


if __name__ == "__main__":
    vars(registry)["build"] = _small
    cli.main()
