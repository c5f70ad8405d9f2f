"""Escalations from trigger to the end, with the real database; I2, I3, I5, I6, I8, I12."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from tests.factories import HOST, make_user
from tests.notifications.provider import provider
from watchkeeper.identity import usecases as identity
from watchkeeper.identity.models import User
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.models import Contact, Delivery
from watchkeeper.notifications.tasks import Sender
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.models import Escalation, Page
from watchkeeper.oncall.ports import Described
from watchkeeper.oncall.queries import Story, Subject
from watchkeeper.oncall.tasks import escalate
from watchkeeper.oncall.usecases import escalations
from watchkeeper.oncall.usecases.escalations import Trigger
from watchkeeper.plumbing import due_work, egress, fairness
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DISK = Subject("alert", "17")
STEPS = [
    {"notify": [{"schedule": "shop-primary"}]},
    {"after": "5m", "notify": [{"person": "bob"}]},
]


def make_person(name: str, *contacts: str, role: str = "viewer") -> User:
    user = make_user(name, role=role)
    specs = [ContactSpec(c, "webhook", f"http://x/{c}", verified=True) for c in contacts]
    rules = {"high": [RuleSpec(c, MINUTE * place) for place, c in enumerate(contacts[:1])]}
    notifications.save_paging(
        actor=HOST,
        person=name,
        spec=PagingSpec(specs, rules),
        origin=Origin.API,
        now=clock.now(),
    )
    return user


def make_policy(**spec: object) -> None:
    head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy"}
    whole = {"steps": STEPS, "catchAll": {"person": "carol"}} | spec
    document = Document({**head, "metadata": {"name": "shop"}, "spec": whole})
    usecases.save_policy(actor=HOST, document=document, origin=Origin.API, now=clock.now())


@pytest.fixture
def begun() -> dt.datetime:
    """Alice is on call, then bob, then carol by the catch-all; the trigger was long ago."""
    for name in ("alice", "bob", "carol"):
        make_person(name, "hook", "spare")
    document = Document(
        {
            "apiVersion": "watchkeeper/v1",
            "kind": "Schedule",
            "metadata": {"name": "shop-primary"},
            "spec": {
                "timeZone": "UTC",
                "layers": [
                    {
                        "name": "all",
                        "rotation": {
                            "unit": "week",
                            "every": 1,
                            "start": "2026-01-05T09:00:00",
                            "members": ["alice"],
                        },
                    }
                ],
            },
        }
    )
    make_policy()
    usecases.save_schedule(actor=HOST, document=document, origin=Origin.API, now=clock.now())
    return clock.now() - dt.timedelta(hours=2)


def start(*, now: dt.datetime, policy: str = "shop", subject: Subject = DISK) -> None:
    trigger = Trigger(subject, policy, "high", "Disk full", "shop", "http://w/alerts/17")
    escalations.start_many([trigger], now=now)


def walk(now: dt.datetime) -> None:
    """Step until nothing is due at ``now``; by the database's clock all is due long ago."""
    for _ in range(100):
        due = Escalation.objects.filter(state="open", next_at__lte=now)
        if not due.exclude(title="broken").exists():
            return
        escalate(now)
    pytest.fail("it never came to rest")


def told(story: Story) -> list[tuple[str, int, int, str]]:
    return [(page.person, page.loop, page.step, page.contact) for page in story.pages]


def test_whoever_is_on_call_is_paged_first_and_the_next_step_is_planned(
    begun: dt.datetime,
) -> None:
    start(now=begun)
    walk(begun)

    story = queries.story(DISK)
    assert told(story) == [("alice", 0, 0, "hook")]
    assert (story.state, story.policy) == ("open", "shop")
    assert (story.pages[0].state, story.pages[0].due_at) == ("scheduled", begun)
    assert story.next_at == begun + 5 * MINUTE


def test_a_step_that_comes_late_makes_no_later_step_later(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun + 3 * MINUTE)
    walk(begun + 4 * MINUTE)
    assert told(queries.story(DISK)) == [("alice", 0, 0, "hook")]

    walk(begun + 90 * MINUTE)

    story = queries.story(DISK)
    assert [page.due_at - begun for page in story.pages] == [0 * MINUTE, 5 * MINUTE, 10 * MINUTE]
    assert (story.state, story.next_at, story.nobody_notified) == ("exhausted", None, False)
    assert [row.subject for row in queries.unheard()] == [DISK]


def test_after_an_acknowledgement_nothing_goes_out(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)

    escalations.stop([DISK], reason="acknowledged by bob", now=begun + MINUTE)
    walk(begun + 90 * MINUTE)

    story = queries.story(DISK)
    assert told(story) == [("alice", 0, 0, "hook")]
    assert (story.pages[0].state, story.pages[0].reason) == ("cancelled", "acknowledged by bob")
    assert (story.state, story.reason) == ("stopped", "acknowledged by bob")
    assert DueWork.objects.count() == 0


def test_an_acknowledgement_that_is_rolled_back_stops_nothing(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)
    with transaction.atomic():
        escalations.stop([DISK], reason="acknowledged", now=begun)
        transaction.set_rollback(True)

    assert queries.story(DISK).pages[0].state == "scheduled"
    assert DueWork.objects.count() == 2


def test_a_step_that_was_claimed_before_the_acknowledgement_changes_nothing(
    begun: dt.datetime,
) -> None:
    start(now=begun)
    [held] = due_work.claim(kind=escalations.KIND, owner="me")
    escalations.stop([DISK], reason="acknowledged", now=begun)

    escalations.step([held], now=clock.now())

    assert Page.objects.count() == 0


def test_a_page_of_an_older_epoch_is_not_sent(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)
    Escalation.objects.update(epoch=1)
    [held] = due_work.claim(kind=notifications.KIND, owner="me")

    assert notifications.mark([held], now=clock.now()) == []
    assert queries.story(DISK).pages[0].state == "cancelled"


def test_an_open_escalation_stays_as_it_is(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)
    start(now=begun + MINUTE, policy="other")
    walk(begun + MINUTE)

    story = queries.story(DISK)
    assert (story.policy, len(story.pages)) == ("shop", 1)
    assert Escalation.objects.count() == 1


@pytest.mark.parametrize("ends", ["acknowledged", "exhausted"])
def test_what_begins_again_pages_again(begun: dt.datetime, ends: str) -> None:
    start(now=begun)
    walk(begun)
    if ends == "acknowledged":
        escalations.stop([DISK], reason="acknowledged", now=begun)
    else:
        walk(begun + 90 * MINUTE)
    before = len(queries.story(DISK).pages)

    start(now=begun + 100 * MINUTE)
    walk(begun + 100 * MINUTE)

    pages = queries.story(DISK).pages
    assert len(pages) == before + 1
    assert (pages[-1].person, pages[-1].state) == ("alice", "scheduled")


def test_a_policy_that_is_changed_or_removed_meanwhile_changes_nothing(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)
    make_policy(steps=[{"notify": [{"person": "carol"}]}])
    usecases.remove_policy(actor=HOST, name="shop", now=clock.now())

    walk(begun + 90 * MINUTE)

    assert [page.person for page in queries.story(DISK).pages] == ["alice", "bob", "carol"]


def test_a_schedule_a_person_and_contacts_that_vanish_meanwhile_are_no_error(
    begun: dt.datetime,
) -> None:
    start(now=begun)
    usecases.remove_schedule(actor=HOST, name="shop-primary", now=clock.now())
    User.objects.get(name="bob").delete()
    Contact.objects.filter(user__name="carol").delete()
    make_person("root", "hook", role="admin")

    walk(begun + 90 * MINUTE)

    story = queries.story(DISK)
    assert [page.person for page in story.pages] == ["root"]
    assert story.pages[0].due_at == begun
    texts = [note.text for note in story.notes]
    assert "nobody is on call in the schedule shop-primary" in texts
    assert "there is no active person bob" in texts
    assert "carol has no verified contact that can be called" in texts


def test_nobody_at_all_is_a_loud_end_and_not_silence(begun: dt.datetime) -> None:
    Contact.objects.all().delete()
    start(now=begun)

    walk(begun)

    story = queries.story(DISK)
    assert (story.state, story.nobody_notified, story.pages) == ("exhausted", True, ())
    assert story.notes[-1].text.startswith("nobody could be paged")
    [row] = queries.unheard()
    assert row.nobody_notified


@pytest.mark.parametrize("policy", ["", "unknown"])
def test_without_a_policy_every_admin_who_can_be_paged_is(begun: dt.datetime, policy: str) -> None:
    make_person("root", "hook", role="admin")
    make_user("bare", role="admin")
    start(now=begun, policy=policy)

    walk(begun)

    story = queries.story(DISK)
    assert [page.person for page in story.pages] == ["root"]
    assert "all admins are paged" in story.notes[0].text


def test_a_contact_that_is_refused_is_stood_in_for_by_the_persons_next(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)
    [held] = due_work.claim(kind=notifications.KIND, owner="me")
    [calling] = notifications.mark([held], now=clock.now())

    notifications.record([(calling, Result(Outcome.PERMANENT, "gone"))], now=clock.now())

    first, second = queries.story(DISK).pages
    assert (first.contact, first.state, first.reason) == ("hook", "failed", "gone")
    assert (second.contact, second.person, second.state) == ("spare", "alice", "scheduled")
    [held] = due_work.claim(kind=notifications.KIND, owner="me")
    [calling] = notifications.mark([held], now=clock.now())
    notifications.record([(calling, Result(Outcome.PERMANENT, "gone"))], now=clock.now())
    assert len(queries.story(DISK).pages) == 2


def test_nobody_stands_in_after_the_acknowledgement(begun: dt.datetime) -> None:
    start(now=begun)
    walk(begun)
    [held] = due_work.claim(kind=notifications.KIND, owner="me")
    [calling] = notifications.mark([held], now=clock.now())
    escalations.stop([DISK], reason="acknowledged", now=clock.now())

    notifications.record([(calling, Result(Outcome.PERMANENT, "gone"))], now=clock.now())

    assert [page.contact for page in queries.story(DISK).pages] == ["hook"]


def test_a_step_whose_frozen_policy_is_broken_still_pages_somebody(begun: dt.datetime) -> None:
    make_person("root", "hook", role="admin")
    start(now=begun)
    Escalation.objects.update(frozen={"spec": 5})

    walk(begun)

    assert [page.person for page in queries.story(DISK).pages] == ["root"]


def test_one_escalation_that_fails_holds_no_other_up(
    begun: dt.datetime, settings: Settings
) -> None:
    settings.WATCHKEEPER_SUBJECTS = {"bad": f"{__name__}.Broken"}
    start(now=begun)
    bad = Trigger(Subject("bad", "1"), "shop", "high", "broken", "shop", "u")
    escalations.start_many([bad], now=begun)
    start(now=begun, subject=Subject("alert", "18"))

    walk(begun)

    assert Page.objects.count() == 2
    assert DueWork.objects.get(last_error__contains="boom").kind == escalations.KIND


class Broken:
    """A subject whose slice fails."""

    def describe(self, ids: Sequence[str]) -> Mapping[str, Described]:
        raise RuntimeError("boom")


class Alerts:
    """A subject as it should be."""

    def describe(self, ids: Sequence[str]) -> Mapping[str, Described]:
        found = Described("17", "disk-full", "Disk really full", "shop", "u", True, "critical", 3)
        return {"17": found}

    def acknowledge(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """Do nothing."""

    def resolve(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """Do nothing."""


def test_a_page_tells_what_its_subject_is_now(begun: dt.datetime, settings: Settings) -> None:
    settings.WATCHKEEPER_SUBJECTS = {"alert": f"{__name__}.Alerts"}
    start(now=begun)
    walk(begun)

    message = Delivery.objects.get().message
    [alert] = message["alerts"]
    assert (alert["id"], alert["key"]) == ("17", "disk-full")
    assert (alert["title"], alert["service"]) == ("Disk really full", "shop")
    assert (alert["severity"], alert["rank"]) == ("critical", 3)
    assert (message["title"], message["url"], message["step"]) == (
        "Disk full",
        "http://w/alerts/17",
        0,
    )


def test_a_disabled_person_is_not_paged(begun: dt.datetime) -> None:
    identity.change_person(actor=HOST, name="alice", is_active=False, now=clock.now())
    start(now=begun)
    walk(begun)

    assert [page.person for page in queries.story(DISK).pages] == ["bob"]
    assert queries.story(DISK).pages[0].due_at == begun


def test_stopping_what_was_never_begun_is_harmless() -> None:
    escalations.stop([DISK], reason="resolved", now=clock.now())

    assert queries.story(DISK) == Story()


def test_many_begin_and_stop_at_once(begun: dt.datetime) -> None:
    subjects = [Subject("alert", str(number)) for number in range(1200)]
    triggers = [Trigger(s, "shop", "high", "t", "s", "u") for s in (*subjects, *subjects[:5])]
    escalations.start_many(triggers, now=begun)
    walk(begun)
    assert Page.objects.count() == 1200

    escalations.stop(subjects, reason="resolved", now=begun)

    assert Delivery.objects.filter(state="cancelled").count() == 1200
    assert DueWork.objects.count() == 0


def test_after_an_outage_there_is_one_call_for_each_person_and_contact(
    begun: dt.datetime, settings: Settings, tmp_path: Path
) -> None:
    """I10: ten alerts and all steps that came due in two hours, and nobody is called thrice."""
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"page_bundle_seconds": 60})
    with provider(tmp_path / "calls") as phone:
        for pk, person, name in Contact.objects.values_list("pk", "user__name", "name"):
            Contact.objects.filter(pk=pk).update(address=phone.url(f"/{person}/{name}"))
        for number in range(10):
            start(now=begun, subject=Subject("alert", str(number)))
        walk(clock.now())
        pages = Page.objects.count()
        sender = Sender()
        end = clock.monotonic() + 20
        while Delivery.objects.exclude(state="delivered").exists() and clock.monotonic() < end:
            sender.step(clock.now())
        sender.finish()
        calls = phone.calls()
        egress.close()

    assert pages == 30
    assert sorted(call["path"] for call in calls) == ["/alice/hook", "/bob/hook", "/carol/hook"]
    listed = [[alert["id"] for alert in json.loads(call["body"])["alerts"]] for call in calls]
    assert [sorted(ids) for ids in listed] == [[str(number) for number in range(10)]] * 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.parametrize("urgency", ["high", "low"])
def test_in_quiet_hours_low_urgency_waits_and_says_why_and_the_next_step_does_not(
    begun: dt.datetime, urgency: str
) -> None:
    now = clock.now()
    hours = DayHours((now - 3 * HOUR).time(), (now + 3 * HOUR).time())
    spec = PagingSpec(
        [ContactSpec("hook", "webhook", "http://x/hook", verified=True)], quiet=hours
    )
    notifications.save_paging(
        actor=HOST, person="alice", spec=spec, origin=Origin.API, now=clock.now()
    )
    trigger = Trigger(DISK, "shop", urgency, "Disk full", "shop", "http://w/alerts/17")
    escalations.start_many([trigger], now=begun)
    walk(now)

    story = queries.story(DISK)
    due = {page.person: page.due_at for page in story.pages}
    notes = [note.text for note in story.notes]
    assert due["bob"] == begun + 5 * MINUTE
    if urgency == "high":
        assert due["alice"] == begun
        assert not any("quiet" in note for note in notes)
    else:
        assert abs(due["alice"] - (now + 3 * HOUR)) < 2 * MINUTE
        assert "alice has quiet hours: low urgency waits until they are over" in notes


def test_turns_go_on_from_escalation_to_escalation_and_through_rounds(begun: dt.datetime) -> None:
    people = [{"person": name} for name in ("alice", "bob", "carol")]
    make_policy(steps=[{"notify": people, "roundRobin": True}], repeat=1)
    for number in range(4):
        start(now=begun, subject=Subject("alert", str(number)))
        if number == 1:
            walk(clock.now())
    walk(clock.now())

    pages = Page.objects.filter(step=0)
    counts = {name: pages.filter(person=name).count() for name in ("alice", "bob", "carol")}
    assert sum(counts.values()) == 4 * 2
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_step_for_low_urgency_pages_nobody_for_high(begun: dt.datetime) -> None:
    make_policy(
        steps=[
            {"notify": [{"person": "alice"}], "when": {"urgency": "low"}},
            {"after": "5m", "notify": [{"person": "bob"}]},
        ]
    )
    start(now=begun)
    walk(begun)

    assert told(queries.story(DISK)) == [("bob", 0, 1, "hook")]
    assert Page.objects.get().due_at == begun


def test_the_first_page_of_one_service_waits_for_no_storm_of_another() -> None:
    fairness.forget()
    make_person("alice", "hook")
    make_policy(steps=[{"notify": [{"person": "alice"}]}])
    began = clock.now() - dt.timedelta(hours=2)
    storm = [
        Trigger(Subject("alert", str(n)), "shop", "high", "Down", "shop", "http://w")
        for n in range(1_000)
    ]
    escalations.start_many(storm, now=began)
    late = Subject("alert", "other")
    escalations.start_many(
        [Trigger(late, "shop", "high", "Down", "cart", "http://w")],
        now=began + dt.timedelta(seconds=1),
    )

    steps = 0
    while not queries.story(late).pages:
        steps += 1
        escalate(clock.now())
    waiting = DueWork.objects.filter(kind="escalation", due_ms__lte=due_work.database_ms())
    assert steps <= 2
    assert waiting.count() >= 1_000 - 2 * escalations.MOST_AT_ONCE
    [page] = queries.story(late).pages
    calls = due_work.claim(kind="delivery", owner="one", limit=150)
    assert page.page_id in {call.key for call in calls}
