"""Stepping through a policy: tables of whole stories, and laws that hold for all policies."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.oncall.domain import escalation
from watchkeeper.oncall.domain.escalation import Company, Decision, Place
from watchkeeper.oncall.domain.policies import Policy, Step, Target

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
PRIMARY, BOB, SHOP = (
    Target("schedule", "shop-primary"),
    Target("person", "bob"),
    Target("team", "shop"),
)
ALL = {PRIMARY: ("alice",), BOB: ("bob",), SHOP: ("alice", "bob", "carol")}
EVERYBODY = frozenset({"alice", "bob", "carol", "root"})


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


SHOP_POLICY = Policy(
    "shop", (Step(minutes(0), (PRIMARY,)), Step(minutes(5), (BOB, SHOP))), 2, catch_all=(SHOP,)
)


def story(policy: Policy, company: Company) -> list[tuple[float, int, int, str]]:
    """Return (minute, round, step, person) of all pages until the end."""
    told: list[tuple[float, int, int, str]] = []
    for decision in decisions(policy, company):
        told += [
            ((page.due_at - NOON).total_seconds() / 60, page.loop, page.step, page.person)
            for page in decision.pages
        ]
    return told


def decisions(policy: Policy, company: Company) -> list[Decision]:
    place: Place | None = Place()
    due: dt.datetime | None = escalation.first_due(policy, NOON)
    found = []
    while place is not None:
        assert due is not None
        decision = escalation.decide(policy, place, planned_at=due, company=company)
        found.append(decision)
        place, due = decision.place, decision.next_at
        assert len(found) < 10_000
    return found


def company(people: Mapping[Target, Sequence[str]], *, admins: Sequence[str] = ()) -> Company:
    return Company(people, EVERYBODY, admins)


def test_a_policy_is_walked_round_by_round_to_the_catch_all() -> None:
    assert story(SHOP_POLICY, company(ALL)) == [
        (0, 0, 0, "alice"),
        *((5, 0, 1, name) for name in ("bob", "alice", "carol")),
        (10, 1, 0, "alice"),
        *((15, 1, 1, name) for name in ("bob", "alice", "carol")),
        (20, 2, 0, "alice"),
        *((25, 2, 1, name) for name in ("bob", "alice", "carol")),
        *((30, 2, 2, name) for name in ("alice", "bob", "carol")),
    ]


@pytest.mark.parametrize(
    ("people", "first"),
    [
        pytest.param({BOB: ("bob",)}, (0, 0, 1, "bob"), id="an empty step is skipped at once"),
        pytest.param(
            {SHOP: ("carol",)}, (0, 0, 1, "carol"), id="one empty target does not empty a step"
        ),
        pytest.param({}, (0, 0, 2, "root"), id="nobody at all: the admins, at once"),
    ],
)
def test_who_is_paged_first(
    people: dict[Target, Sequence[str]], first: tuple[float, int, int, str]
) -> None:
    assert story(SHOP_POLICY, company(people, admins=("root",)))[0] == first


def test_a_last_step_that_is_empty_lets_the_next_round_begin_at_once() -> None:
    told = story(SHOP_POLICY, company({PRIMARY: ("alice",)}, admins=("root",)))

    assert told == [
        (0, 0, 0, "alice"),
        (5, 1, 0, "alice"),
        (10, 2, 0, "alice"),
        (15, 2, 2, "root"),
    ]


def test_a_round_that_finds_nobody_is_not_repeated() -> None:
    [decision] = decisions(SHOP_POLICY, company({}, admins=("root",)))

    assert [page.person for page in decision.pages] == ["root"]
    assert not decision.nobody_notified
    texts = [note.text for note in decision.notes]
    assert "nobody is on call in the schedule shop-primary" in texts
    assert texts[-1] == "the catch-all has nobody to page: all admins are"


def test_nobody_at_all_is_said_loudly() -> None:
    [decision] = decisions(SHOP_POLICY, company({}))

    assert decision.nobody_notified
    assert decision.notes[-1].text == escalation.NOBODY


def test_a_person_without_a_contact_is_as_good_as_nobody_and_is_named() -> None:
    people = Company({PRIMARY: ("alice",), BOB: ("bob",)}, frozenset({"bob"}))

    [first, *_] = decisions(SHOP_POLICY, people)

    assert [page.person for page in first.pages] == ["bob"]
    assert first.notes[0].text == "alice has no verified contact that can be called"


def test_a_policy_that_cannot_be_read_pages_the_admins_at_once() -> None:
    assert story(Policy(), company({}, admins=("root",))) == [(0, 0, 0, "root")]


def test_a_first_step_may_wait_and_does_so_in_each_round() -> None:
    policy = Policy("p", (Step(minutes(2), (BOB,)),), 1, catch_all=(SHOP,))

    told = story(policy, company(ALL))

    assert [page[0] for page in told] == [2, 9, 14, 14, 14]


NAMES = st.sampled_from(["alice", "bob", "carol"])
TARGETS = st.sampled_from([PRIMARY, BOB, SHOP])
STEPS = st.builds(
    Step,
    st.integers(0, 60).map(minutes),
    st.lists(TARGETS, min_size=1, max_size=3).map(tuple),
)
POLICIES = st.builds(
    Policy,
    st.just("p"),
    st.lists(STEPS, min_size=1, max_size=5).map(tuple),
    st.integers(0, 4),
    st.integers(0, 30).map(minutes),
    st.lists(TARGETS, max_size=2).map(tuple),
)
COMPANIES = st.builds(
    Company,
    st.dictionaries(TARGETS, st.lists(NAMES, max_size=3, unique=True).map(tuple)),
    st.frozensets(NAMES),
    st.lists(st.just("root"), max_size=1),
)


@given(POLICIES, COMPANIES)
def test_every_walk_ends_pages_nobody_twice_at_a_place_and_never_goes_back(
    policy: Policy, who: Company
) -> None:
    told = story(policy, who)

    assert len({page[1:] for page in told}) == len(told)
    times = [page[0] for page in told]
    assert times == sorted(times)
    places = [page[1:3] for page in told]
    assert places == sorted(places)


@given(POLICIES, COMPANIES)
def test_every_walk_ends_with_somebody_paged_or_says_that_nobody_was(
    policy: Policy, who: Company
) -> None:
    found = decisions(policy, who)

    assert found[-1].place is None
    assert found[-1].nobody_notified == (not found[-1].pages)
    assert all(decision.pages for decision in found[:-1])


@given(POLICIES, COMPANIES)
def test_nobody_is_paged_who_cannot_be(policy: Policy, who: Company) -> None:
    assert {page[3] for page in story(policy, who)} <= {*who.reachable, *who.admins}


@given(POLICIES)
def test_no_step_is_earlier_than_planned_where_everybody_is_there(policy: Policy) -> None:
    told = story(policy, company(ALL))
    due = dt.timedelta()
    for loop in range(policy.repeat + 1):
        for number, step in enumerate(policy.steps):
            due += step.after
            at = {page[0] for page in told if page[1:3] == (loop, number)}
            assert at == {due.total_seconds() / 60}
        due += policy.repeat_after


@pytest.mark.parametrize(
    ("repeat", "place", "words"),
    [
        (0, Place(0, 0), "step 1 of 2"),
        (0, Place(0, 1), "step 2 of 2"),
        (2, Place(1, 0), "step 1 of 2, round 2 of 3"),
        (2, Place(2, escalation.CATCH_ALL_STEP), "the catch-all, which is the last"),
    ],
)
def test_what_is_next_is_told_in_words(repeat: int, place: Place, words: str) -> None:
    policy = Policy("shop", SHOP_POLICY.steps, repeat)

    assert escalation.next_in_words(policy, place) == words


TURNS = Policy("shop", (Step(minutes(0), (PRIMARY, BOB, SHOP), in_turn=True),), catch_all=(SHOP,))


def take_turns(people: Mapping[Target, Sequence[str]], times: int) -> list[list[str]]:
    """Return who is paged each time, by one escalation after the other."""
    turns: dict[int, int] = {}
    found = []
    for _ in range(times):
        decision = escalation.decide(
            TURNS, Place(), planned_at=NOON, company=company(people), turns=turns
        )
        turns |= [decision.turn] if decision.turn else []
        found.append([page.person for page in decision.pages])
    return found


def test_a_step_pages_one_of_its_targets_each_in_turn() -> None:
    assert take_turns(ALL, 4) == [["alice"], ["bob"], ["alice", "bob", "carol"], ["alice"]]


def test_a_turn_that_finds_nobody_goes_to_the_next() -> None:
    assert take_turns(ALL | {BOB: ()}, 4) == [
        ["alice"],
        ["alice", "bob", "carol"],
        ["alice"],
        ["alice", "bob", "carol"],
    ]


def test_a_step_of_turns_that_finds_nobody_at_all_is_skipped_and_takes_no_turn() -> None:
    decision = escalation.decide(TURNS, Place(), planned_at=NOON, company=company({}))

    assert (decision.pages, decision.turn, decision.nobody_notified) == ((), None, True)
    assert escalation.EMPTY_STEP in [note.text for note in decision.notes]


@given(st.integers(1, 6), st.integers(0, 40), st.integers(0, 100))
def test_turns_are_fair_wherever_they_begin(many: int, times: int, begun: int) -> None:
    targets = tuple(Target("person", f"p{number}") for number in range(many))
    policy = Policy("x", (Step(minutes(0), targets, in_turn=True),))
    all_here = Company({t: (t.name,) for t in targets}, frozenset(t.name for t in targets))
    turns, counts = {0: begun}, dict.fromkeys((t.name for t in targets), 0)
    for _ in range(times):
        decision = escalation.decide(
            policy, Place(), planned_at=NOON, company=all_here, turns=turns
        )
        assert decision.turn is not None
        turns |= [decision.turn]
        (page,) = decision.pages
        counts[page.person] += 1

    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize(("urgency", "who"), [("high", "bob"), ("low", "alice")])
def test_a_step_of_another_urgency_is_left_out_at_once_and_says_so(urgency: str, who: str) -> None:
    policy = Policy("x", (Step(minutes(0), (PRIMARY,), urgency="low"), Step(minutes(5), (BOB,))))
    decision = escalation.decide(
        policy, Place(), planned_at=NOON, company=company(ALL), urgency=urgency
    )

    assert [(page.person, page.due_at) for page in decision.pages] == [(who, NOON)]
    notes = [note.text for note in decision.notes]
    assert (notes == ["the step is for low urgency only: it is left out"]) == (urgency == "high")


DAY = DayHours(dt.time(8), dt.time(20))


@pytest.mark.parametrize(
    ("zones", "who", "why"),
    [
        pytest.param({}, ["alice", "bob", "carol"], [], id="at noon in UTC all are up"),
        pytest.param(
            {"alice": "America/Los_Angeles"},
            ["bob", "carol"],
            ["alice is left out: it is 04:00 where they live"],
            id="who sleeps is left out",
        ),
    ],
)
def test_a_step_pages_only_those_on_whose_wall_it_is_day(
    zones: dict[str, str], who: list[str], why: list[str]
) -> None:
    policy = Policy("x", (Step(minutes(0), (SHOP,), local=DAY),))
    here = replace(company(ALL), zones=zones)

    decision = escalation.decide(policy, Place(), planned_at=NOON, company=here)

    assert [page.person for page in decision.pages] == who
    assert [note.text for note in decision.notes] == why


def test_a_step_where_all_sleep_is_skipped_at_once_and_a_turn_goes_to_who_is_up() -> None:
    asleep = replace(company(ALL), zones={"alice": "Asia/Tokyo", "bob": "UTC"})
    both = (PRIMARY, BOB)
    skipped = Policy("x", (Step(minutes(0), (PRIMARY,), local=DAY), Step(minutes(5), (BOB,))))
    turns = Policy("x", (Step(minutes(0), both, in_turn=True, local=DAY),))

    one = escalation.decide(skipped, Place(), planned_at=NOON, company=asleep)
    other = escalation.decide(turns, Place(), planned_at=NOON, company=asleep)

    assert [(page.person, page.due_at) for page in one.pages] == [("bob", NOON)]
    assert ([page.person for page in other.pages], other.turn) == (["bob"], (0, 0))
