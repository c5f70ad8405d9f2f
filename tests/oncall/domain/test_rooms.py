"""Rooms in policies: as documents, and what telling one does to the walk; it pages nobody."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.domain.test_escalation_steps import (
    ALL,
    BOB,
    COMPANIES,
    NOON,
    POLICIES,
    PRIMARY,
    SHOP,
    company,
    decisions,
    minutes,
    story,
)
from tests.oncall.domain.test_policy_documents import document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.intervals import Interval
from watchkeeper.notifications.domain.rooms import Room, key_of
from watchkeeper.oncall.domain import coverage, policies, rooms
from watchkeeper.oncall.domain.coverage import Ahead
from watchkeeper.oncall.domain.escalation import Company
from watchkeeper.oncall.domain.policies import Policy, Step, Target

OPS, HOOK = Room("slack", "C012AB3CD", "ops"), Room("webhook", "https://example.org/x")
FIVE, TEN = minutes(5), minutes(10)
TELLS = Step(minutes(0), (), (OPS,))
CHAT = {"chat": {"channel": "slack", "address": "C012AB3CD", "name": "ops"}}


def walk(policy: Policy, who: Company) -> list[tuple[float, int, int, str]]:
    """Return (minute, round, step, person or room) of all that goes out until the end."""
    found: list[tuple[float, int, int, str]] = []
    for decision in decisions(policy, who):
        found += [
            (after(told.due_at), told.loop, told.step, told.room.title) for told in decision.told
        ]
        found += [
            (after(page.due_at), page.loop, page.step, page.person) for page in decision.pages
        ]
    return found


def after(moment: dt.datetime) -> float:
    return (moment - NOON) / minutes(1)


@pytest.mark.parametrize(
    ("steps", "people", "goes_out"),
    [
        pytest.param(
            (Step(minutes(0), (PRIMARY,), (OPS,)), Step(FIVE, (BOB,))),
            ALL,
            [(0, 0, 0, "ops"), (0, 0, 0, "alice"), (5, 0, 1, "bob"), (10, 0, 2, "bob")],
            id="a room is told beside people",
        ),
        pytest.param(
            (TELLS, Step(TEN, (BOB,))),
            ALL,
            [(0, 0, 0, "ops"), (10, 0, 1, "bob"), (15, 0, 2, "bob")],
            id="a step of rooms takes its time",
        ),
        pytest.param(
            (Step(minutes(0), (PRIMARY,), (OPS,)), Step(TEN, (BOB,))),
            {BOB: ("bob",)},
            [(0, 0, 0, "ops"), (0, 0, 1, "bob"), (5, 0, 2, "bob")],
            id="a step that finds none of its people is left at once, its room is told",
        ),
        pytest.param(
            (TELLS,),
            ALL,
            [(0, 0, 0, "ops"), (0, 0, 1, "bob")],
            id="a round of rooms alone paged nobody: the catch-all at once",
        ),
        pytest.param(
            (Step(minutes(0), (BOB,)), Step(TEN, (), (OPS,))),
            ALL,
            [(0, 0, 0, "bob"), (10, 0, 1, "ops"), (15, 0, 2, "bob")],
            id="rooms at the end of a round that paged somebody wait for the next",
        ),
        pytest.param(
            (TELLS, Step(TEN, (PRIMARY,))),
            {BOB: ("bob",)},
            [(0, 0, 0, "ops"), (10, 0, 2, "bob")],
            id="a room counts as nobody: the round is not repeated",
        ),
        pytest.param(
            (Step(minutes(0), (), (OPS,), urgency="low"), Step(TEN, (BOB,))),
            ALL,
            [(0, 0, 1, "bob"), (5, 0, 2, "bob")],
            id="a step for the other urgency tells nothing and takes no time",
        ),
    ],
)
def test_what_goes_out_when(
    steps: Sequence[Step],
    people: Mapping[Target, Sequence[str]],
    goes_out: Sequence[tuple[float, int, int, str]],
) -> None:
    policy = Policy("shop", tuple(steps), catch_all=(BOB,))

    assert walk(policy, company(people)) == goes_out


def test_rooms_are_told_in_each_round_and_by_the_catch_all() -> None:
    steps = (Step(minutes(0), (BOB,), (OPS,)),)
    policy = Policy("shop", steps, 1, catch_all=(BOB,), catch_all_tells=(HOOK,))

    rooms_told = [told for told in walk(policy, company(ALL)) if told[3] != "bob"]

    assert rooms_told == [(0, 0, 0, "ops"), (5, 1, 0, "ops"), (10, 1, 1, "example.org")]


def test_a_step_none_of_whose_rooms_can_be_told_takes_no_time() -> None:
    policy = Policy("shop", (TELLS, Step(TEN, (BOB,))), catch_all=(BOB,))
    who = replace(company(ALL), channels=frozenset({"webhook"}))

    assert walk(policy, who)[:2] == [(0, 0, 0, "ops"), (0, 0, 1, "bob")]
    both = replace(policy, steps=(replace(TELLS, tells=(OPS, HOOK)), policy.steps[1]))
    assert walk(both, who)[2] == (10, 0, 1, "bob")


def test_a_policy_of_rooms_alone_ends_loudly_and_pages_the_admins() -> None:
    policy = Policy("shop", (TELLS,), catch_all_tells=(HOOK,))

    assert story(policy, company(ALL, admins=("root",))) == [(0, 0, 1, "root")]
    [decision] = decisions(policy, company(ALL))
    assert decision.nobody_notified
    assert [told.room for told in decision.told] == [OPS, HOOK]


def test_rooms_take_no_turn_and_know_no_hours() -> None:
    step = Step(minutes(0), (BOB, SHOP), (OPS,), in_turn=True)

    [first, _] = decisions(Policy("shop", (step,), catch_all=(BOB,)), company(ALL))

    assert [page.person for page in first.pages] == ["bob"]
    assert [told.room for told in first.told] == [OPS]


@given(POLICIES, COMPANIES, st.data())
def test_rooms_beside_people_change_no_page(policy: Policy, who: Company, data: Any) -> None:
    told = tuple(
        replace(step, tells=(OPS,)) if step.notify and data.draw(st.booleans()) else step
        for step in policy.steps
    )

    assert story(replace(policy, steps=told), who) == story(policy, who)


@given(POLICIES, COMPANIES)
def test_a_room_is_told_at_most_once_at_a_place(policy: Policy, who: Company) -> None:
    told = tuple(replace(step, tells=(OPS, HOOK)) for step in policy.steps)

    found = [
        (each.loop, each.step, each.room)
        for decision in decisions(replace(policy, steps=told, catch_all_tells=(OPS,)), who)
        for each in decision.told
    ]

    assert len(set(found)) == len(found)


def test_rooms_cover_no_minute() -> None:
    ahead = Ahead(
        Interval(NOON, NOON + dt.timedelta(days=1)),
        persons=frozenset({"bob"}),
        reachable=frozenset({"bob"}),
    )
    policy = Policy("shop", (TELLS,), catch_all=(BOB,))

    assert [gap.is_caught for gap in coverage.gaps(policy, ahead)] == [True]
    assert coverage.unknown(policy, ahead) == []


def test_rooms_are_read_as_they_are_written() -> None:
    spec = {
        "steps": [
            {"notify": [{"person": "bob"}, {"webhook": "https://example.org/x"}, CHAT]},
            {"notify": [{"webhook": {"address": "https://example.org/x", "secret": "s"}}]},
        ],
        "catchAll": [{"team": "shop"}, CHAT],
    }

    found = document(**spec)

    assert list(policies.problems(found)) == []
    read = policies.read(found.data)
    assert [step.tells for step in read.steps] == [(HOOK, OPS), (HOOK,)]
    assert [step.only_tells for step in read.steps] == [False, True]
    assert (read.catch_all, read.catch_all_tells) == ((Target("team", "shop"),), (OPS,))
    assert read.rooms() == (HOOK, OPS)
    assert read.targets() == {Target("person", "bob"), Target("team", "shop")}


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ({"webhook": ""}, "webhook.address"),
        ({"webhook": 5}, "webhook"),
        ({"webhook": "ftp://example.org"}, "webhook.address"),
        ({"webhook": "https://u:p@example.org"}, "webhook.address"),
        ({"webhook": {"secret": "s"}}, "webhook.address"),
        ({"webhook": {"address": "https://x", "channel": "slack"}}, "webhook.channel"),
        ({"webhook": {"address": "https://x", "secret": 5}}, "webhook.secret"),
        ({"webhook": {"address": "https://x", "name": "a\nb"}}, "webhook.name"),
        ({"chat": "ops"}, "chat"),
        ({"chat": {"channel": "slack"}}, "chat.address"),
        ({"chat": {"address": "C012AB3CD"}}, "chat.channel"),
        ({"chat": {"channel": "sms", "address": "+14155550100"}}, "chat.channel"),
        ({"chat": {"channel": "slack", "address": "#ops"}}, "chat.address"),
        ({"chat": {"channel": "teams", "address": "ops"}}, "chat.address"),
        ({"chat": {"channel": "slack", "address": "C012", "secret": "s"}}, "chat.secret"),
        ({"chat": {"channel": "slack", "address": "C012", "name": "x" * 101}}, "chat.name"),
    ],
)
def test_what_a_room_may_not_say(target: dict[str, Any], path: str) -> None:
    for spec, where in (
        ({"steps": [{"notify": [target]}]}, "spec.steps[0].notify[0]"),
        ({"catchAll": target}, "spec.catchAll[0]"),
    ):
        paths = [problem.path for problem in policies.problems(document(**spec))]
        assert f"{where}.{path}" in paths


def test_nobody_is_led_to_a_room_by_hand() -> None:
    with pytest.raises(InvalidError, match="schedule, person, team, as"):
        policies.target_of(CHAT)  # type: ignore[arg-type]


def test_a_document_is_kept_without_secrets_and_shown_without_addresses() -> None:
    secret = {"webhook": {"address": "https://example.org/x?key=1", "secret": "s", "name": "n"}}
    plain = {"webhook": "https://example.org/y"}
    topic = {"chat": {"channel": "ntfy", "address": "topic"}}
    found = document(
        steps=[{"notify": [{"person": "bob"}, secret, CHAT]}], catchAll=[plain, topic]
    )

    kept: Any = rooms.stored(found.data)
    shown: Any = rooms.masked(kept)

    assert found.data["spec"]["steps"][0]["notify"][1] == secret
    [_, hook, chat] = kept["spec"]["steps"][0]["notify"]
    assert (hook, chat) == (
        {"webhook": {"address": "https://example.org/x?key=1", "name": "n"}},
        CHAT,
    )
    assert shown["spec"]["steps"][0]["notify"] == [
        {"person": "bob"},
        {"webhook": {"address": "… on example.org", "name": "n"}},
        CHAT,
    ]
    assert shown["spec"]["catchAll"] == [
        {"webhook": "… on example.org"},
        {"chat": {"channel": "ntfy", "address": "…"}},
    ]
    assert list(policies.faults(shown))  # what is masked is not applied by mistake


def test_one_address_is_one_room_of_its_policy_and_of_no_other() -> None:
    named = replace(HOOK, name="other")

    assert key_of("policy shop", HOOK) == key_of("policy shop", named)
    assert key_of("policy shop", HOOK) != key_of("policy other", HOOK)
    assert key_of("policy shop", HOOK) != key_of("policy shop", Room("teams", HOOK.address))
