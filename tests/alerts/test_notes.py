"""Notes beside alerts, and whether the page was worth it."""

import pytest

from tests.alerts.factories import make_integration, make_on_call, send, settle, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, notes
from watchkeeper.audit.models import AuditEntry
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock
    settle()


def opened(title: str = "T") -> str:
    """Open an alert that bob is paged for."""
    make_on_call("bob")
    alert: str = send(make_integration(), title=title)["alert"]
    step(NOON)
    return alert


def test_a_note_stands_in_the_story_with_who_wrote_it_and_not_in_the_audit_log() -> None:
    alert = send(make_integration(), title="T")["alert"]
    alice = actor_for(make_user("alice", teams={"ops": "responder"}))
    acts.resolve(actor=HOST, alerts=[alert], now=NOON)

    notes.note(actor=alice, alerts=[alert], text="  Restarted <the> pool ", now=NOON)

    act = queries.act_rows(alert)[-1]
    assert (act.act, act.detail, act.by) == ("noted", "Restarted <the> pool", "alice")
    entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.object_id) == ("alert.noted", alert)
    assert "pool" not in str(entry.detail)


@pytest.mark.parametrize("words", ["", "  ", "x" * 1001, "a\0b"])
def test_a_note_that_says_nothing_or_too_much_is_refused(words: str) -> None:
    alert = send(make_integration(), title="T")["alert"]

    with pytest.raises(InvalidError):
        notes.note(actor=HOST, alerts=[alert], text=words, now=NOON)

    assert queries.act_rows(alert) == []


def test_a_verdict_can_be_changed_and_the_story_keeps_both() -> None:
    alert = opened()
    alice = actor_for(make_user("alice", teams={"ops": "responder"}))

    notes.judge(actor=HOST, alerts=[alert], verdict="actionable", now=NOON)
    notes.judge(
        actor=alice, alerts=[alert], verdict="not_actionable", why="could_wait",
        words="nobody buys at night", now=NOON,
    )  # fmt: skip

    said = queries.page_verdict(alert)
    assert said is not None
    assert (said.verdict, said.why, said.by) == ("not_actionable", "could_wait", "alice")
    assert [act.detail for act in queries.act_rows(alert)] == [
        "actionable",
        "not actionable: it could have waited; nobody buys at night",
    ]
    assert queries.explained(alert)["page_verdict"] == said


@pytest.mark.parametrize(
    ("verdict", "why"),
    [("not_actionable", ""), ("actionable", "known"), ("maybe", ""), ("not_actionable", "x")],
)
def test_a_verdict_that_cannot_be_is_refused(verdict: str, why: str) -> None:
    alert = opened()

    with pytest.raises(InvalidError):
        notes.judge(actor=HOST, alerts=[alert], verdict=verdict, why=why, now=NOON)

    assert queries.page_verdict(alert) is None


def test_what_nobody_was_paged_for_has_no_verdict_and_nothing_of_the_rest_gets_one() -> None:
    alert = opened()
    quiet = send(make_integration(name="other"), title="quiet")["alert"]  # no step was taken yet

    with pytest.raises(ConflictError):
        notes.judge(actor=HOST, alerts=[alert, quiet], verdict="actionable", now=NOON)

    assert queries.page_verdict(alert) is None


def test_who_may_not_respond_may_neither_write_nor_judge() -> None:
    alert = opened()
    viewer = actor_for(make_user("dora"))

    with pytest.raises(ForbiddenError):
        notes.note(actor=viewer, alerts=[alert], text="x", now=NOON)
    with pytest.raises(ForbiddenError):
        notes.judge(actor=viewer, alerts=[alert], verdict="actionable", now=NOON)


def test_the_page_of_an_alert_takes_a_verdict_by_one_click_and_shows_it() -> None:
    alert = opened()
    client = signed_in("alice", role="admin")
    assert "Was it worth a page?" in text(client.get(f"/alerts/{alert}"))

    page = text(
        client.post(
            f"/alerts/{alert}/act", {"act": "verdict", "verdict": "went_away"}, follow=True
        )
    )

    assert "Not actionable: it went away by itself" in page
    assert 'value="went_away" aria-pressed="true"' in page
    refused = client.post(f"/alerts/{alert}/act", {"act": "verdict", "verdict": "x"}, follow=True)
    assert "say why it was not actionable" in text(refused)


def test_the_page_of_an_alert_takes_a_note() -> None:
    alert = opened()
    client = signed_in("alice", role="admin")

    page = text(client.post(f"/alerts/{alert}/act", {"act": "note", "text": "<i>x"}, follow=True))

    assert "Noted by alice" in page
    assert "&lt;i&gt;x" in page
