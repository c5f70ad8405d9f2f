"""Another key for secrets at rest: what was sealed opens, is sealed anew; nothing else ends."""

import shutil
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from tests.factories import HOST, make_user
from watchkeeper.audit import queries as audit
from watchkeeper.identity import queries, usecases
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import database_check, secret_box
from watchkeeper.plumbing.keys import Keyring
from watchkeeper.telemetry import usecases as telemetry
from watchkeeper.telemetry.domain import sources
from watchkeeper.telemetry.models import Source
from watchkeeper.telemetry.queries import config_of

pytestmark = pytest.mark.django_db
CANARY = "k3ep-me-out-of-sight"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def key_file(settings: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "secret.key"
    shutil.copy(django_settings.WATCHKEEPER_KEY_FILE, path)
    settings.WATCHKEEPER_KEY_FILE = path
    return path


def make_secrets() -> int:
    details = {"url": "http://127.0.0.1:1", "bearerToken": CANARY}
    definition = sources.define(name="prom", kind="prometheus", details=details)
    telemetry.save_source(actor=HOST, definition=definition, origin=Origin.API, now=clock.now())
    TOTP.activate(make_user("alice"), SECRET)
    return Source.objects.get().pk


def stored() -> list[str]:
    texts = [text for source in Source.objects.all() for text in source.sealed.values()]
    return texts + [row.data["secret"] for row in Authenticator.objects.all()]


def test_after_a_rotation_all_is_sealed_with_the_newer_key_and_opens(key_file: Path) -> None:
    source = make_secrets()
    token = usecases.create_token(actor=HOST, name="t", role="viewer", now=clock.now()).token
    old, chain_key = Keyring.load(key_file), audit.key()

    newer = Keyring.add(key_file).sealing()
    assert newer.fingerprint() != old.fingerprint()
    assert all(old.fingerprint() in text for text in stored()), "opened by the old one until then"
    assert config_of(source).secrets["bearerToken"] == CANARY
    assert secret_box.reseal_all() == 2
    assert secret_box.reseal_all() == 0, "once more changes nothing"

    assert all(newer.fingerprint() in text for text in stored())
    assert config_of(source).secrets["bearerToken"] == CANARY
    assert Authenticator.objects.get().wrap().instance.data["secret"] != SECRET
    assert queries.actor_of_token(token, now=clock.now()) is not None, "tokens go on"
    assert audit.key() == chain_key, "the log goes on verifying"
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_key_file_from_before_the_last_rotation_refuses_to_start(
    key_file: Path, tmp_path: Path
) -> None:
    make_secrets()
    shutil.copy(key_file, tmp_path / "before")
    database_check.check()
    Keyring.add(key_file)
    secret_box.reseal_all()
    database_check.check()

    shutil.copy(tmp_path / "before", key_file)
    with pytest.raises(InvalidError, match="lacks the key"):
        database_check.check()


def test_a_secret_that_cannot_be_opened_stops_it_before_anything_changed(key_file: Path) -> None:
    make_secrets()
    before = stored()
    Authenticator.objects.update(data={"secret": "wk1.0011223344556677.AAAA"})
    Keyring.add(key_file)

    with pytest.raises(InvalidError, match="another key"):
        secret_box.reseal_all()
    assert stored()[0] == before[0]


@pytest.mark.parametrize("text", ["", "\n", "not base64!", "AAAA\n", "{good}\nAAAA\n"])
def test_a_key_file_that_holds_no_keys_is_refused(text: str, key_file: Path) -> None:
    key_file.write_text(text.replace("{good}", key_file.read_text().strip()))

    with pytest.raises(InvalidError, match="key file"):
        Keyring.load(key_file)
    with pytest.raises(InvalidError, match="key file"):
        Keyring.add(key_file)
