"""The checker finds every kind of broken promise, and nothing in a history that kept them."""

from dataclasses import replace

import pytest

from watchkeeper.drills.domain import script
from watchkeeper.drills.domain.checker import check
from watchkeeper.drills.domain.ledgers import Call, History, Sent, StoredAlert, StoredPage

CALL = Call("p1", "p1", "alice", ("a",), False, 1_100, 1_150, "accepted")
PAGE = StoredPage("p1", "a", "alice", 1_000, "delivered", "", ("accepted",))
ALERT = StoredAlert("a", "firing", 1, ("opened",), ended_loudly=False)
GOOD = History(
    sent=[Sent("a", 900, 202)],
    acknowledged={},
    calls=[CALL],
    alerts={"a": ALERT},
    pages=[PAGE],
    kills=[],
    ended=60_000,
)


def broken(history: History) -> list[str]:
    return [violation.invariant for violation in check(history).violations]


def test_a_history_that_kept_its_promises_has_no_violation() -> None:
    report = check(GOOD)

    assert report.violations == ()
    assert (report.accepted, report.lost, report.pages_due) == (1, 0, 1)
    assert (report.pages_delivered, report.duplicates) == (1, 0)
    assert report.latency_ms(0.5) == 100


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param(replace(GOOD, alerts={}), ["I1"], id="accepted, not stored"),
        pytest.param(
            replace(GOOD, alerts={"a": replace(ALERT, verdicts=("",))}),
            ["I1"],
            id="stored without a verdict",
        ),
        pytest.param(replace(GOOD, pages=[], calls=[]), ["I2"], id="open and nobody paged"),
        pytest.param(replace(GOOD, calls=[]), ["I3"], id="due and never called"),
        pytest.param(
            replace(GOOD, calls=[CALL, replace(CALL, began=5_000, ended=5_010, may_repeat=True)]),
            ["I4"],
            id="called again without a reason",
        ),
        pytest.param(replace(GOOD, acknowledged={"a": 50}), ["I5"], id="called after the ack"),
        pytest.param(
            replace(GOOD, pages=[replace(PAGE, due=2_000)]), ["I6"], id="called before its time"
        ),
        pytest.param(
            replace(
                GOOD,
                kills=[1],
                calls=[
                    replace(CALL, ended=4_000),
                    replace(CALL, began=1_500, ended=1_600, may_repeat=True),
                ],
            ),
            ["I7"],
            id="in flight twice",
        ),
        pytest.param(
            replace(GOOD, sent=[Sent("a", 900, 202), Sent("a", 900, 202)]),
            ["I8"],
            id="two triggers, counted once",
        ),
        pytest.param(
            replace(GOOD, kills=[1], calls=[CALL, replace(CALL, began=5_000, ended=5_010)]),
            ["R3"],
            id="a repeat without its mark",
        ),
        pytest.param(
            replace(GOOD, calls=[replace(CALL, body_page_id="p9")]),
            ["R3"],
            id="two ids for one page",
        ),
    ],
)
def test_a_broken_promise_is_named(history: History, expected: list[str]) -> None:
    assert broken(history) == expected


def test_a_loud_end_without_anybody_is_not_silence() -> None:
    loud = replace(ALERT, ended_loudly=True)

    assert broken(replace(GOOD, alerts={"a": loud}, pages=[], calls=[])) == []


def test_a_cancelled_page_needs_no_call() -> None:
    gone = replace(PAGE, state="cancelled", reason="acknowledged", outcomes=())

    assert check(replace(GOOD, pages=[gone], calls=[])).pages_due == 0


def test_a_bundle_stands_for_every_page_that_it_lists() -> None:
    second = replace(PAGE, id="p2", key="b")
    history = replace(
        GOOD,
        sent=[*GOOD.sent, Sent("b", 900, 202)],
        alerts={"a": ALERT, "b": replace(ALERT, key="b")},
        pages=[PAGE, second],
        calls=[replace(CALL, keys=("a", "b"), pages=("p1", "p2"))],
    )

    report = check(history)

    assert report.violations == ()
    assert report.pages_delivered == 2


def test_too_many_calls_of_one_person_while_pages_are_gathered_are_found() -> None:
    calls = [
        replace(CALL, page_id=f"p{n}", body_page_id=f"p{n}", began=1_100 + n * 100)
        for n in range(7)
    ]

    assert "I13" in broken(replace(GOOD, calls=calls, bundle_ms=2_000))
    assert "I13" not in broken(replace(GOOD, calls=calls))
    assert "I13" not in broken(replace(GOOD, calls=calls[:6], bundle_ms=2_000))
    apart = [replace(call, began=1_100 + n * 400) for n, call in enumerate(calls)]
    assert "I13" not in broken(replace(GOOD, calls=apart, bundle_ms=2_000))


def test_a_lost_answer_may_have_been_counted() -> None:
    tries = [Sent("a", 900, None), Sent("a", 950, 202)]

    assert broken(replace(GOOD, sent=tries)) == []
    twice = replace(ALERT, count=2, verdicts=("opened", "deduped"))
    assert broken(replace(GOOD, sent=tries, alerts={"a": twice})) == []


def test_the_same_seed_makes_the_same_plan() -> None:
    assert script.alerts(7, 50) == script.alerts(7, 50)
    assert script.alerts(7, 50) != script.alerts(8, 50)
    assert script.pauses(7, 5) == script.pauses(7, 5)
    first, second = script.faults(7), script.faults(7)
    assert [first.draw() for _ in range(100)] == [second.draw() for _ in range(100)]


def test_kills_are_spread_over_a_long_drill() -> None:
    closely = sum(alive + gone for alive, gone in script.pauses(7, 200))
    spread = sum(alive + gone for alive, gone in script.pauses(7, 200, over=2_000.0))

    assert closely < 300
    assert 1_300 < spread < 1_700  # of the rest the product starts
    assert script.pauses(7, 0, over=10.0) == []


def test_a_drill_of_many_is_of_many_services_and_goes_round_once() -> None:
    assert script.services(300) == ["drill-0"]
    assert len(script.services(20_000)) == 20
    assert len(script.services(1_000_000)) == 50
    assert (script.shape(1_000).rounds, script.shape(1_001).rounds) == (1, 0)
    plan = script.alerts(7, 5_000)
    assert {alert.service for alert in plan} == set(script.services(5_000))
