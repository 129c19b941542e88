"""Every provider in the registry keeps the contract (those APART in files of their own), and the settings build it."""

import email
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from digest.accounts import ProviderName
from digest.providers import brevo, registry, resend, sendgrid
from digest.providers.outbox import Outbox
from digest.settings import Settings
from tests.conftest import STRONG
from tests.providers import brevo_api, resend_api, sendgrid_server
from tests.providers.accounts import QUICK, account
from tests.providers.contract import PROMISES, Case

APART = (ProviderName.ses, ProviderName.mailgun, ProviderName.postmark, ProviderName.smtp)
# How to build the others, and what stands in for their APIs.
APIS: Mapping[ProviderName, tuple[Callable[..., Any], ModuleType, type[Any]]] = {
    ProviderName.resend: (resend.build, resend_api, resend_api.ResendApi),
    ProviderName.brevo: (brevo.build, brevo_api, brevo_api.BrevoApi),
}


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """Return a provider, pointed at a stand-in."""
    with ExitStack() as stack:
        if request.param is ProviderName.outbox:
            box = Outbox(tmp_path)
            yield Case(box, lambda: [_to(file) for file in tmp_path.rglob("*.eml")])
        elif request.param in APIS:
            build, module, stand_in = APIS[request.param]
            api = stand_in()
            made = build(account(request.param, module.KEY), QUICK, transport=httpx.MockTransport(api))
            stack.callback(made.close)
            yield Case(made, lambda: api.reached)
        else:
            server = stack.enter_context(sendgrid_server.serving())
            made = sendgrid.build(account(ProviderName.sendgrid, sendgrid_server.KEY, server.url), QUICK)
            stack.callback(made.close)
            yield Case(made, lambda: list(server.taken))


def _to(file: Path) -> str:
    address: str = email.message_from_bytes(file.read_bytes())["To"]
    return address.rpartition("<")[2].rstrip(">")


@pytest.mark.parametrize("case", [one for one in registry.FEATURES if one not in APART], indirect=True)
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_a_provider_keeps_each_promise(case: Case, promise: Callable[[Case], Any]):
    """See contract.py for each of them."""
    promise(case)


@pytest.mark.parametrize("name", registry.FEATURES)
def test_the_settings_build_every_provider(name: ProviderName, tmp_path: Path):
    """Each name in the settings has a builder, and its features carry the same name."""
    given: dict[str, Any] = {} if name is ProviderName.outbox else {f"{name.value}_api_key": "key:secret"}
    given = {"smtp_url": "smtp://127.0.0.1:25"} if name is ProviderName.smtp else given
    given |= {"aws_region": "eu-west-1"} if name is ProviderName.ses else {}
    given |= {"mailgun_domain": "mg.example.org"} if name is ProviderName.mailgun else {}
    settings = Settings(secret_key=STRONG, address_key=STRONG, provider=name, outbox_dir=tmp_path, **given)
    provider = registry.build(settings)
    assert provider.features == registry.FEATURES[name]
    assert provider.features.name == name.value
    provider.close()
