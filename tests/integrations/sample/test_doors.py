"""Loading, asking for and removing the sample by the API and the command."""

from collections.abc import Iterator

import pytest

from watchkeeper.integrations.sample import cli, queries
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.plumbing import transport
from watchkeeper.plumbing.transport import Local

pytestmark = pytest.mark.django_db

PATH = "/api/v1/sample"


@pytest.fixture
def local(fake_clock: object) -> Iterator[Local]:
    del fake_clock
    door = transport.Local()
    transport.use(door)
    yield door
    transport.use(None)


def test_it_is_loaded_told_of_and_removed_by_the_api(local: Local) -> None:
    assert local.call("GET", PATH).json() == {"loaded": False}

    loaded = local.call("POST", PATH)

    assert (loaded.status, loaded.json()) == (201, {"loaded": True})
    assert local.call("GET", PATH).json() == {"loaded": True}
    assert len(local.call("GET", "/api/v1/slos").json()["items"]) == 18
    with pytest.raises(ConflictError, match="loaded already"):
        local.call("POST", PATH)
    assert local.call("DELETE", PATH).json()["slos"] == 18
    assert local.call("GET", PATH).json() == {"loaded": False}


def test_a_command_loads_it(local: Local, capsys: pytest.CaptureFixture[str]) -> None:
    del local

    cli.load(as_json=False)

    assert queries.is_loaded()
    assert "watchkeeper sample remove" in capsys.readouterr().out
