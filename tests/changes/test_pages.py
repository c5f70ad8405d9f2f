"""The pages of maintenance windows."""

import pytest

from tests.changes.test_maintenance import save
from tests.conftest import NOON, FakeClock
from tests.pages import signed_in, text
from watchkeeper.changes.queries import maintenance as queries

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
