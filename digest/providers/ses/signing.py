"""Keys and signatures of AWS requests (Signature Version 4), by botocore, which only accounts with SES need."""

import re
from typing import Any

from digest.accounts import Account
from digest.errors import SettingsError
from digest.sending.provider import NotTaken

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")


class Signer:
    """Signs requests to one address with one set of keys. Thread-safe."""

    def __init__(self, credentials: Any, region: str) -> None:
        """``credentials``: botocore's, fixed or renewed by themselves."""
        auth, awsrequest = _botocore()
        self._auth, self._request = auth.SigV4Auth, awsrequest.AWSRequest
        self._credentials, self._region = credentials, region

    def headers(self, url: str, body: bytes) -> dict[str, str]:
        """Return the headers of a signed POST of JSON. Raises NotTaken when keys that run out cannot be renewed."""
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - an extra

        try:
            frozen = self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise NotTaken(f"AWS gives no new keys: {error}. Check the role or the profile of this machine.") from error
        request = self._request("POST", url, data=body, headers={"Content-Type": "application/json"})
        self._auth(frozen, "ses", self._region).add_auth(request)
        return dict(request.headers.items())


def signer(account: Account) -> Signer:
    """Return the signer of an account: by its own key, else as the AWS tools find keys. Raises SettingsError."""
    region = region_of(account)
    _botocore()
    return Signer(_credentials(account.secret("api_key")), region)


def region_of(account: Account) -> str:
    """Return the AWS region of an account. Raises SettingsError where it is missing or no region."""
    if not _REGION.fullmatch(account.region):
        raise SettingsError(
            f"Amazon SES needs a region such as eu-west-1, not {account.region!r}. "
            "Set DIGEST_AWS_REGION (or region, in its account)."
        )
    return account.region


def _credentials(key: str) -> Any:
    from botocore.credentials import Credentials  # noqa: PLC0415 - an extra
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    if key:
        name, _, secret = key.partition(":")
        if not name or not secret:
            raise SettingsError("SES_API_KEY must be ACCESS_KEY_ID:SECRET_ACCESS_KEY, with a colon between them.")
        return Credentials(name, secret)
    try:
        found = Session().get_credentials()
    except BotoCoreError as error:
        raise SettingsError(f"The AWS keys of this machine cannot be read: {error}. Set DIGEST_SES_API_KEY.") from error
    if found is None:
        raise SettingsError(
            "Amazon SES needs keys: set DIGEST_SES_API_KEY to ACCESS_KEY_ID:SECRET_ACCESS_KEY, or give this machine "
            "a role or a profile that the AWS tools find."
        )
    return found


def _botocore() -> tuple[Any, Any]:
    try:
        from botocore import auth, awsrequest  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError("Amazon SES needs botocore: pip install digest-mailer[ses].") from error
    return auth, awsrequest
