"""The pages of maintenance windows."""

from typing import Any

import pytest

from tests.changes.test_maintenance import save, spec
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.changes.queries import maintenance as queries
from watchkeeper.changes.usecases import maintenance as usecases
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db
TYPED = {"name": "m", "services": "shop, search", "start": "2026-03-02T12:00",
         "end": "2026-03-02T14:00", "time_zone": "UTC", "recurrence": "FREQ=WEEKLY",
         "exclude": "on", "reason": "<b>move</b>"}  # fmt: skip


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock


def test_the_list_shows_what_is_on_first() -> None:
    save("b-past", start="2026-03-01T10:00:00", end="2026-03-01T11:00:00")
    save("c-later", start="2026-03-05T10:00:00", end="2026-03-05T11:00:00")
    save("z-now")

    page = text(signed_in("alice").get("/maintenance"))

    assert page.index("z-now") < page.index("c-later") < page.index("b-past")
    assert "1 on now" in page
    assert "End now" not in page


def test_a_window_is_typed_saved_ended_and_removed() -> None:
    client = signed_in("alice", role="admin")

    made = text(client.post("/maintenance/-/new", TYPED, follow=True))
    row = queries.row("m", now=NOON)
    ended = text(client.post("/maintenance/m/end", follow=True))
    again = text(client.post("/maintenance/m/end", follow=True))
    asked = text(client.get("/maintenance/m/remove"))
    client.post("/maintenance/m/remove")

    assert "&lt;b&gt;move&lt;/b&gt;" in made
    assert (row.services, row.exclude, row.state) == (("shop", "search"), True, "active")
    assert "m has ended" in ended
    assert "not on now" in again
    assert "Remove the maintenance window m" in asked
    assert queries.rows(now=NOON) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("recurrence", "FREQ=SECONDLY", "hourly is the finest"),
        ("end", "2026-03-02T12:00", "end is not after start"),
        ("time_zone", "Mars", "not a time zone"),
        ("services", "no/name", "cannot be named"),
        ("start", "soon", "Write it as"),
        ("name", "-", "cannot be named"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(field: str, value: str, words: str) -> None:
    client = signed_in("alice", role="admin")

    answer = client.post("/maintenance/-/new", TYPED | {field: value})

    assert answer.status_code == 422
    assert words in text(answer)


def test_a_window_is_changed_and_keeps_what_nobody_changed() -> None:
    client = signed_in("alice", role="admin")
    save(start="2026-03-02T11:30:20Z", time_zone="Europe/Berlin", reason="move")

    shown = client.get("/maintenance/m/edit")
    longer = typed(shown) | {"end": "2026-03-02T16:00", "exclude": "on"}
    client.post("/maintenance/m/edit", longer)

    row = queries.row("m", now=NOON)
    assert "/maintenance/m/edit" in text(client.get("/maintenance"))
    assert 'value="2026-03-02T12:30"' in text(shown)
    assert (row.start, row.end) == ("2026-03-02T11:30:20Z", "2026-03-02T16:00:00")
    assert (row.services, row.exclude, row.reason, row.origin) == (("shop",), True, "move", "ui")


def test_a_change_of_somebody_else_is_not_overwritten() -> None:
    client = signed_in("alice", role="admin")
    save()
    mine = typed(client.get("/maintenance/m/edit")) | {"reason": "mine"}
    save(reason="theirs")

    answer = client.post("/maintenance/m/edit", mine)

    assert answer.status_code == 422
    assert "was changed by somebody else since this page was loaded" in text(answer)
    assert queries.row("m", now=NOON).reason == "theirs"


def test_one_of_a_file_is_changed_there() -> None:
    client = signed_in("alice", role="admin")
    usecases.save(actor=HOST, spec=spec(), origin=Origin.FILE, now=NOON, file="quiet.yaml")

    answer = client.get("/maintenance/m/edit", follow=True)

    assert "m is kept in quiet.yaml; change it there." in text(answer)
    assert "/maintenance/m/edit" not in text(answer)
    assert client.get("/maintenance/none/edit").status_code == 404


def typed(shown: Any) -> dict[str, str]:
    """Return what a page of a window would send if nothing were changed in it."""
    form = shown.context["form"]
    values = {field.name: str(field.value() or "") for field in form}
    times = {name: values[name].replace(" ", "T")[:16] for name in ("start", "end")}
    return {name: value for name, value in {**values, **times}.items() if value}
