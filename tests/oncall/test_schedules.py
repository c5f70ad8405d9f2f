"""Schedules are kept in versions: the past stays, files rule their own, teams own theirs."""

import datetime as dt

import pytest

from tests.factories import HOST, actor_for, make_team, make_user
from tests.oncall.domain.making import layer, spec_document, utc
from tests.oncall.making import MONDAY, now_on, override, save, shown
from watchkeeper.audit.models import AuditEntry
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries, usecases
from watchkeeper.plumbing.hands import KeptInFilesError, TakenOverError
from watchkeeper.plumbing.kinds import Action

pytestmark = pytest.mark.django_db

NEXT = MONDAY + dt.timedelta(days=1)
ALICE, BOB = [layer(members=["alice"])], [layer(members=["bob"])]


def test_an_edit_changes_what_comes_and_never_what_was() -> None:
    save(layers=ALICE)
    before = shown("2026-01-01 00:00", "2026-03-03 12:00")

    save(layers=BOB, now=NEXT)

    assert shown("2026-01-01 00:00", "2026-03-03 12:00") == before
    assert shown("2026-03-03 00:00", "2026-03-04 00:00") == [
        ("03-03 00:00", "03-03 12:00", "alice", "base"),
        ("03-03 12:00", "03-04 00:00", "bob", "base"),
    ]
    assert now_on("2026-03-03 11:59") == {"primary": "alice"}
    assert now_on("2026-03-03 12:00") == {"primary": "bob"}


def test_the_first_version_also_says_who_was_on_call_before_it() -> None:
    save(layers=ALICE)

    assert now_on("2026-01-05 09:00") == {"primary": "alice"}
    assert now_on("2026-01-05 08:59") == {"primary": ""}


def test_the_same_document_changes_nothing() -> None:
    assert save().action is Action.CREATE
    assert save(now=NEXT).action is Action.UNCHANGED
    assert queries.schedule_row("primary").version == 1
    changed = save(now=NEXT, layers=BOB)
    assert changed.action is Action.UPDATE
    assert [field.path for field in changed.fields] == ["spec.layers"]


def test_a_removed_schedule_is_gone_and_its_past_comes_back_with_its_name() -> None:
    save(layers=ALICE)
    usecases.remove_schedule(actor=HOST, name="primary", now=NEXT)

    assert queries.schedule_rows() == []
    assert now_on("2026-03-04 00:00") == {}
    with pytest.raises(queries.ScheduleNotFoundError):
        queries.document_of("primary")

    save(layers=BOB, now=MONDAY + dt.timedelta(days=2))

    assert shown("2026-03-03 00:00", "2026-03-05 00:00") == [
        ("03-03 00:00", "03-03 12:00", "alice", "base"),
        ("03-04 12:00", "03-05 00:00", "bob", "base"),
    ]


def test_overrides_made_by_hand_hold_until_they_are_ended_and_stay_on_record() -> None:
    make_user("dave")
    save(layers=ALICE)
    made = override("2026-03-02 13:00", "2026-03-02 18:00")

    assert now_on("2026-03-02 13:00") == {"primary": "dave"}
    usecases.end_override(
        actor=HOST, schedule="primary", override_id=made, now=utc("2026-03-02 15:00")
    )

    assert shown("2026-03-02 12:00", "2026-03-02 20:00") == [
        ("03-02 12:00", "03-02 13:00", "alice", "base"),
        ("03-02 13:00", "03-02 15:00", "dave", "override"),
        ("03-02 15:00", "03-02 20:00", "alice", "base"),
    ]
    [row] = queries.override_rows("primary")
    assert (row.ended_at, row.ended_by) == (utc("2026-03-02 15:00"), "system")
    assert list(AuditEntry.objects.values_list("action", flat=True)) == [
        "person.created", "schedule.saved", "schedule.override_made", "schedule.override_ended",
    ]  # fmt: skip


def test_what_is_past_is_neither_overridden_nor_ended() -> None:
    make_user("dave")
    save(layers=ALICE)
    with pytest.raises(InvalidError, match="past"):
        override("2026-03-01 00:00", "2026-03-02 00:00")
    begun = override("2026-03-01 00:00", "2026-03-02 18:00")

    assert queries.override_row("primary", begun).start == MONDAY
    with pytest.raises(usecases.OverrideIsPastError):
        usecases.end_override(actor=HOST, schedule="primary", override_id=begun, now=NEXT)
    assert now_on("2026-03-01 12:00") == {"primary": "alice"}


def test_of_overrides_in_the_document_and_by_hand_the_later_written_wins() -> None:
    make_user("dave")
    own = {"start": "2026-03-09T00:00:00", "end": "2026-03-10T00:00:00", "person": "erin"}
    save(layers=ALICE, overrides=[own])
    override("2026-03-09 06:00", "2026-03-09 12:00", now=NEXT)
    later = own | {"start": "2026-03-09T09:00:00", "person": "frank"}

    save(layers=ALICE, overrides=[own, later], now=NEXT + dt.timedelta(hours=1))

    assert shown("2026-03-09 00:00", "2026-03-10 00:00") == [
        ("03-09 00:00", "03-09 06:00", "erin", "override"),
        ("03-09 06:00", "03-09 09:00", "dave", "override"),
        ("03-09 09:00", "03-10 00:00", "frank", "override"),
    ]


def test_a_name_that_nobody_has_is_refused_by_hand_and_said_in_a_sentence() -> None:
    save(layers=ALICE)

    with pytest.raises(InvalidError) as refused:
        override("2026-03-09 06:00", "2026-03-09 12:00", "nobody")

    assert [(p.path, p.detail) for p in refused.value.problems] == [
        ("person", "there is no person nobody")
    ]


def test_editors_of_the_team_change_schedules_and_responders_hand_on_their_own_place() -> None:
    make_user("dave")
    editor = actor_for(make_user("erin", teams={"shop-team": "editor"}))
    responder = actor_for(make_user("alice", teams={"shop-team": "responder"}))
    stranger = actor_for(make_user("bob", teams={"other-team": "editor"}))
    save(layers=ALICE, owner="shop-team", actor=editor)

    for actor in (responder, stranger):
        with pytest.raises(ForbiddenError):
            save(layers=BOB, owner="shop-team", actor=actor)
        with pytest.raises(ForbiddenError):
            override("2026-03-03 00:00", "2026-03-04 00:00", actor=actor)
        with pytest.raises(ForbiddenError):
            override("2026-03-03 00:00", "2026-03-04 00:00", actor=actor, replaces="bob")
        with pytest.raises(ForbiddenError):
            usecases.remove_schedule(actor=actor, name="primary", now=MONDAY)
    own = override("2026-03-03 00:00", "2026-03-04 00:00", actor=responder, replaces="alice")
    others = override("2026-03-05 00:00", "2026-03-06 00:00", actor=editor)

    with pytest.raises(ForbiddenError):
        usecases.end_override(actor=responder, schedule="primary", override_id=others, now=MONDAY)
    usecases.end_override(actor=responder, schedule="primary", override_id=own, now=MONDAY)
    assert now_on("2026-03-03 12:00") == {"primary": "alice"}
    assert now_on("2026-03-05 12:00") == {"primary": "dave"}


def test_a_schedule_cannot_be_given_to_a_team_in_which_one_may_not_edit() -> None:
    editor = actor_for(make_user("erin", teams={"shop-team": "editor"}))
    make_team("other-team")

    with pytest.raises(ForbiddenError):
        save(owner="other-team", actor=editor)
    with pytest.raises(ForbiddenError):
        save(actor=editor)
    with pytest.raises(InvalidError, match="there is no team nowhere"):
        save(owner="nowhere", actor=editor)


def test_files_rule_what_came_from_files_until_it_is_taken_over() -> None:
    save(origin=Origin.FILE)
    with pytest.raises(KeptInFilesError, match="kept in schedule"):
        save(layers=BOB)
    with pytest.raises(KeptInFilesError):
        usecases.remove_schedule(actor=HOST, name="primary", now=NEXT)
    make_user("dave")
    override("2026-03-09 06:00", "2026-03-09 12:00")

    usecases.take_over_schedule(actor=HOST, name="primary", now=NEXT)
    save(layers=BOB)

    with pytest.raises(TakenOverError):
        save(origin=Origin.FILE)
    left = usecases.remove_schedule(actor=HOST, name="primary", now=NEXT, origin=Origin.FILE)
    assert left.action is Action.UNCHANGED


def test_the_sample_takes_no_place_and_goes_whole() -> None:
    save()
    with pytest.raises(ConflictError):
        save(layers=BOB, origin=Origin.SAMPLE)
    save(spec_document("demo"), origin=Origin.SAMPLE)

    assert usecases.remove_sample(actor=HOST, now=NEXT) == 1
    assert [row.name for row in queries.schedule_rows()] == ["primary"]


def test_what_was_worked_out_is_worked_out_anew_when_something_changes() -> None:
    make_user("dave")
    save(layers=[layer(unit="day", members=["alice", "bob"])])
    assert now_on("2026-03-02 12:00") == {"primary": "alice"}
    assert now_on("2026-03-02 13:00") == {"primary": "alice"}
    assert now_on("2026-03-03 13:00") == {"primary": "bob"}
    override("2026-03-02 13:00", "2026-03-02 14:00")
    assert now_on("2026-03-02 13:00") == {"primary": "dave"}
    assert now_on("2026-03-02 14:00") == {"primary": "alice"}


def test_times_that_schedules_do_not_know_are_refused() -> None:
    save()
    for at in ("1969-01-01 00:00", "2300-01-01 00:00"):
        with pytest.raises(InvalidError, match="outside of the years"):
            queries.on_call(at=utc(at))
    with pytest.raises(InvalidError, match="At most"):
        shown("2026-01-01 00:00", "2036-01-01 00:00")


def test_a_document_that_is_wrong_is_refused_whole() -> None:
    wrong = Document(dict(spec_document().data) | {"spec": {"timeZone": "UTC"}})

    with pytest.raises(InvalidError) as refused:
        save(wrong)

    assert [problem.path for problem in refused.value.problems] == ["spec.layers"]
    assert queries.schedule_rows() == []
