"""Who is on call: layers, overrides, time off, and what clocks do, each with its answer."""

from typing import Any

import pytest

from tests.oncall.domain.making import entries, layer, schedule, utc
from watchkeeper.oncall.domain import resolver

NIGHTS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00"}]
WORK = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]


def handoffs(zone: str, span: tuple[str, str], rotation: dict[str, Any]) -> list[str]:
    """Return when shifts begin, in UTC, of two who take turns."""
    found = entries(schedule(timeZone=zone, layers=[layer(**rotation)]), *span)
    return [entry[0] for entry in found][1:]


@pytest.mark.parametrize(
    ("zone", "rotation", "start", "end", "wanted"),
    [
        pytest.param(
            "America/Chicago",
            {"unit": "day", "start": "2020-03-06T02:30:00"},
            "2020-03-06 08:30", "2020-03-09 10:00",
            ["03-07 08:30", "03-08 08:00", "03-09 07:30"],
            id="a hand-off in the spring gap is the first instant after it",
        ),
        pytest.param(
            "America/Chicago",
            {"unit": "day", "start": "2020-10-30T01:30:00"},
            "2020-10-30 06:30", "2020-11-02 10:00",
            ["10-31 06:30", "11-01 06:30", "11-02 07:30"],
            id="a hand-off in the autumn overlap is the first of the two",
        ),
        pytest.param(
            "UTC",
            {"unit": "month", "start": "2023-10-31T09:00:00"},
            "2023-10-31 09:00", "2024-04-30 09:01",
            ["11-30 09:00", "12-31 09:00", "01-31 09:00", "02-29 09:00", "03-31 09:00",
             "04-30 09:00"],
            id="a month that is too short ends on its last day, and the next does not drift",
        ),
        pytest.param(
            "America/Chicago",
            {"unit": "hour", "every": 12, "start": "2020-03-07T08:00:00"},
            "2020-03-07 14:00", "2020-03-09 03:00",
            ["03-08 02:00", "03-08 14:00", "03-09 02:00"],
            id="shifts of hours are elapsed time, so the wall clock of the hand-off moves",
        ),
        pytest.param(
            "Europe/Berlin",
            {"unit": "week", "start": "2026-03-23T09:00:00"},
            "2026-03-23 08:00", "2026-04-06 08:00",
            ["03-30 07:00", "04-06 07:00"],
            id="a weekly hand-off stays at its hour on the wall",
        ),
        pytest.param(
            "Pacific/Apia",
            {"unit": "day", "start": "2011-12-28T09:00:00"},
            "2011-12-28 19:00", "2011-12-31 20:00",
            ["12-29 19:00", "12-30 10:00", "12-30 19:00", "12-31 19:00"],
            id="the shift of a day that was left out begins and ends where the gap does",
        ),
        pytest.param(
            "Pacific/Apia",
            {"unit": "day", "start": "2011-12-28T00:00:00", "members": ["a", "b", "c"]},
            "2011-12-28 10:00", "2011-12-31 11:00",
            ["12-29 10:00", "12-30 10:00", "12-31 10:00"],
            id="a shift that fell into the left out day whole does not take place",
        ),
        pytest.param(
            "Africa/Casablanca",
            {"unit": "day", "start": "2023-03-18T02:30:00"},
            "2023-03-18 01:30", "2023-03-20 03:00",
            ["03-19 01:30", "03-20 02:30"],
            id="clocks that go back in spring",
        ),
        pytest.param(
            "Asia/Beirut",
            {"unit": "day", "start": "2022-03-26T00:00:00"},
            "2022-03-25 22:00", "2022-03-28 22:00",
            ["03-26 22:00", "03-27 21:00", "03-28 21:00"],
            id="a gap at midnight",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            {"unit": "day", "start": "2024-10-05T02:15:00"},
            "2024-10-04 15:45", "2024-10-06 16:00",
            ["10-05 15:30", "10-06 15:15"],
            id="a gap of half an hour",
        ),
    ],
)  # fmt: skip
def test_hand_offs(
    zone: str, rotation: dict[str, Any], start: str, end: str, wanted: list[str]
) -> None:
    assert handoffs(zone, (start, end), rotation) == wanted


def test_before_the_first_hand_off_nobody_is_on_call() -> None:
    wanted = schedule()

    assert resolver.on_call_at(wanted, utc("2026-01-05 08:59:59")) == resolver.NOBODY
    assert resolver.on_call_at(wanted, utc("2026-01-05 09:00")) == (("alice",), "base")
    assert entries(wanted, "2026-01-05 08:00", "2026-01-05 10:00") == [
        ("01-05 09:00", "01-05 10:00", "alice", "base")
    ]


def test_the_example_of_the_manual() -> None:
    wanted = schedule(
        timeZone="America/Chicago",
        layers=[layer("weekdays", members=["alice", "bob", "carol"], restrictions=WORK)],
        overrides=[
            {"start": "2026-02-03T09:00:00", "end": "2026-02-04T09:00:00", "person": "dave",
             "replaces": "alice"},
            {"start": "2026-01-27T09:00:00", "end": "2026-01-28T09:00:00", "person": "dave",
             "replaces": "alice"},
        ],
    )  # fmt: skip

    assert entries(wanted, "2026-01-26 00:00", "2026-02-05 00:00") == [
        ("01-26 15:00", "01-26 23:00", "alice", "weekdays"),
        ("01-27 15:00", "01-27 23:00", "dave", "override"),
        ("01-28 15:00", "01-28 23:00", "alice", "weekdays"),
        ("01-29 15:00", "01-29 23:00", "alice", "weekdays"),
        ("01-30 15:00", "01-30 23:00", "alice", "weekdays"),
        ("02-02 15:00", "02-02 23:00", "bob", "weekdays"),
        ("02-03 15:00", "02-03 23:00", "bob", "weekdays"),
        ("02-04 15:00", "02-04 23:00", "bob", "weekdays"),
    ]


def test_a_restriction_that_ends_before_it_begins_ends_next_day() -> None:
    wanted = schedule(layers=[layer(members=["alice"], restrictions=NIGHTS)])

    # Friday's night ends on Saturday; none begins on Saturday or Sunday.
    assert entries(wanted, "2026-01-08 12:00", "2026-01-12 23:00") == [
        ("01-08 22:00", "01-09 06:00", "alice", "base"),
        ("01-09 22:00", "01-10 06:00", "alice", "base"),
        ("01-12 22:00", "01-12 23:00", "alice", "base"),
    ]


def test_a_restriction_from_and_to_the_same_time_lasts_a_day() -> None:
    weekend = [{"days": ["sat", "sun"], "from": "09:00", "to": "09:00"}]
    wanted = schedule(layers=[layer(members=["alice"], restrictions=weekend)])

    assert entries(wanted, "2026-01-09 00:00", "2026-01-14 00:00") == [
        ("01-10 09:00", "01-12 09:00", "alice", "base")
    ]


def test_a_window_inside_the_spring_gap_has_no_length() -> None:
    short = [{"from": "02:10", "to": "02:50"}]
    wanted = schedule(
        timeZone="America/Chicago",
        layers=[layer(members=["alice"], start="2020-03-01T00:00:00", restrictions=short)],
    )

    assert entries(wanted, "2020-03-07 00:00", "2020-03-10 00:00") == [
        ("03-07 08:10", "03-07 08:50", "alice", "base"),
        ("03-09 07:10", "03-09 07:50", "alice", "base"),
    ]


def test_a_later_layer_wins_where_it_is_on() -> None:
    wanted = schedule(
        layers=[
            layer("all", members=["alice"]),
            layer("day", members=[["bob", "carol"]], restrictions=WORK),
        ]
    )

    assert entries(wanted, "2026-01-05 09:00", "2026-01-06 10:00") == [
        ("01-05 09:00", "01-05 17:00", "bob+carol", "day"),
        ("01-05 17:00", "01-06 09:00", "alice", "all"),
        ("01-06 09:00", "01-06 10:00", "bob+carol", "day"),
    ]


def test_who_leaves_the_rotation_changes_nothing_in_the_order_of_the_rest() -> None:
    def order(*members: str) -> list[str]:
        wanted = schedule(layers=[layer(unit="day", members=list(members))])
        return [entry[2] for entry in entries(wanted, "2026-01-05 09:00", "2026-01-11 09:00")]

    assert order("a", "b", "c") == ["a", "b", "c", "a", "b", "c"]
    assert order("a", "c") == ["a", "c", "a", "c", "a", "c"]


def test_neighbours_equal_in_people_and_layer_are_one_entry() -> None:
    wanted = schedule(layers=[layer(unit="day", members=["alice", "alice", "bob"])])

    assert entries(wanted, "2026-01-05 09:00", "2026-01-08 10:00") == [
        ("01-05 09:00", "01-07 09:00", "alice", "base"),
        ("01-07 09:00", "01-08 09:00", "bob", "base"),
        ("01-08 09:00", "01-08 10:00", "alice", "base"),
    ]


DAY = ("2026-01-05 09:00", "2026-01-06 09:00")


def on_day(people: list[Any], overrides: list[dict[str, Any]], **spec: Any) -> tuple[str, str]:
    """Return who is on for a day on which ``people`` are, with overrides of all of it."""
    whole = [{"start": f"{DAY[0]}:00Z", "end": f"{DAY[1]}:00Z"} | one for one in overrides]
    wanted = schedule(layers=[layer(members=[people])] if people else [FUTURE],
                      overrides=whole, **spec)  # fmt: skip
    found = entries(wanted, *DAY)
    assert len(found) < 2
    return found[0][2:] if found else ("", "")


FUTURE = layer(start="2027-01-05T09:00:00")


@pytest.mark.parametrize(
    ("people", "overrides", "wanted"),
    [
        pytest.param(["a"], [{"person": "d"}], ("d", "override"), id="replaces all"),
        pytest.param(["a", "b"], [{"person": "d"}], ("d", "override"), id="all of several"),
        pytest.param(["a", "b"], [{"person": "d", "replaces": "a"}], ("b+d", "override"),
                     id="swaps one of several"),
        pytest.param(["a"], [{"person": "d", "replaces": "x"}], ("a", "base"),
                     id="swaps nobody who is not on"),
        pytest.param(["a"], [{"person": "d", "add": True}], ("a+d", "override"), id="joins"),
        pytest.param([], [{"person": "d"}], ("d", "override"), id="fills a hole"),
        pytest.param([], [{"person": "d", "add": True}], ("d", "override"), id="joins a hole"),
        pytest.param([], [{"person": "d", "replaces": "a"}], ("", ""), id="swaps in no hole"),
        pytest.param(["a"], [{"person": "d"}, {"person": "e"}], ("e", "override"),
                     id="the later of two for all wins"),
        pytest.param(["a"], [{"person": "d", "replaces": "a"}, {"person": "e", "replaces": "a"}],
                     ("e", "override"), id="the later of two swaps for one wins"),
        pytest.param(["a", "b"],
                     [{"person": "d", "replaces": "a"}, {"person": "e", "replaces": "b"}],
                     ("d+e", "override"), id="swaps for two both hold"),
        pytest.param(["a"], [{"person": "d"}, {"person": "e", "replaces": "a"}],
                     ("e", "override"), id="a later swap wins over one for all"),
        pytest.param(["a"], [{"person": "d", "replaces": "a"}, {"person": "e"}],
                     ("e", "override"), id="one for all wins over an earlier swap"),
        pytest.param(["a"], [{"person": "d", "replaces": "a"}, {"person": "e", "replaces": "d"}],
                     ("e", "override"), id="who took over is replaced in turn"),
        pytest.param(["a"], [{"person": "d", "add": True}, {"person": "e"}],
                     ("e", "override"), id="one for all wins over an earlier one who joined"),
        pytest.param(["a", "b"], [{"person": "b", "replaces": "a"}], ("b", "override"),
                     id="nobody is on twice"),
    ],
)  # fmt: skip
def test_overrides(
    people: list[str], overrides: list[dict[str, Any]], wanted: tuple[str, str]
) -> None:
    assert on_day(people, overrides) == wanted


def test_time_off_takes_a_person_out_and_leaves_a_hole_or_the_layer_below() -> None:
    away = [{"person": "alice", "start": "2026-01-06T00:00:00", "end": "2026-01-07T00:00:00"}]
    alone = schedule(layers=[layer(members=["alice"])], timeOff=away)
    below = schedule(
        layers=[layer("all", members=["bob"]), layer("top", members=["alice"])], timeOff=away
    )

    assert entries(alone, "2026-01-05 09:00", "2026-01-08 00:00") == [
        ("01-05 09:00", "01-06 00:00", "alice", "base"),
        ("01-07 00:00", "01-08 00:00", "alice", "base"),
    ]
    assert entries(below, "2026-01-05 09:00", "2026-01-08 00:00") == [
        ("01-05 09:00", "01-06 00:00", "alice", "top"),
        ("01-06 00:00", "01-07 00:00", "bob", "all"),
        ("01-07 00:00", "01-08 00:00", "alice", "top"),
    ]


@pytest.mark.parametrize(
    ("overrides", "wanted"),
    [
        ([{"person": "dave", "replaces": "alice"}], ("dave", "override")),
        ([{"person": "alice"}], ("alice", "override")),
        ([{"person": "dave", "add": True}], ("bob+dave", "override")),
        ([], ("bob", "all")),
    ],
    ids=[
        "their swap holds",
        "an override may still name them",
        "who joins, joins the rest",
        "none",
    ],
)
def test_time_off_and_overrides(overrides: list[dict[str, Any]], wanted: tuple[str, str]) -> None:
    whole = [{"start": f"{DAY[0]}:00Z", "end": f"{DAY[1]}:00Z"} | one for one in overrides]
    found = schedule(
        layers=[layer("all", members=["bob"]), layer("top", members=["alice"])],
        overrides=whole,
        timeOff=[{"person": "alice", "start": "2026-01-01", "end": "2026-02-01"}],
    )

    assert [entry[2:] for entry in entries(found, *DAY)] == [wanted]


def test_layers_that_follow_the_sun_go_by_the_clocks_of_their_places() -> None:
    day = [{"from": "08:00", "to": "20:00"}]
    places = [("berlin", "Europe/Berlin", "ada"), ("sydney", "Australia/Sydney", "bea")]
    wanted = schedule(
        layers=[
            layer(name, members=[person], start="2026-01-01T00:00:00", restrictions=day)
            | {"timeZone": zone}
            for name, zone, person in places
        ]
    )

    # Clocks of both have changed in between, in opposite directions.
    assert entries(wanted, "2026-03-02 00:00", "2026-03-03 00:00") == [
        ("03-02 00:00", "03-02 09:00", "bea", "sydney"),
        ("03-02 09:00", "03-02 19:00", "ada", "berlin"),
        ("03-02 21:00", "03-03 00:00", "bea", "sydney"),
    ]
    assert entries(wanted, "2026-04-06 00:00", "2026-04-07 00:00") == [
        ("04-06 00:00", "04-06 10:00", "bea", "sydney"),
        ("04-06 10:00", "04-06 18:00", "ada", "berlin"),
        ("04-06 22:00", "04-07 00:00", "bea", "sydney"),
    ]


def test_shifts_written_one_by_one_come_again_after_their_period() -> None:
    custom = {
        "name": "halves",
        "rotation": {
            "unit": "custom",
            "repeat": {"unit": "week", "every": 1},
            "shifts": [
                {"start": "2026-03-16T09:00:00", "end": "2026-03-20T17:00:00", "members": ["a"]},
                {"start": "2026-03-20T17:00:00", "end": "2026-03-23T09:00:00",
                 "members": ["c", "b"]},
            ],
        },
    }  # fmt: skip
    wanted = schedule(timeZone="Europe/Berlin", layers=[custom])

    assert entries(wanted, "2026-03-10 00:00", "2026-03-31 00:00") == [
        ("03-16 08:00", "03-20 16:00", "a", "halves"),
        ("03-20 16:00", "03-23 08:00", "b+c", "halves"),
        ("03-23 08:00", "03-27 16:00", "a", "halves"),
        ("03-27 16:00", "03-30 07:00", "b+c", "halves"),
        ("03-30 07:00", "03-31 00:00", "a", "halves"),
    ]


def test_shifts_written_one_by_one_do_not_come_again_unless_said() -> None:
    shifts = [
        {"start": "2026-03-16T09:00:00", "end": "2026-03-17T09:00:00", "members": "a"},
        {"start": "2026-03-16T21:00:00", "end": "2026-03-18T09:00:00", "members": "b"},
    ]
    wanted = schedule(layers=[{"rotation": {"unit": "custom", "shifts": shifts}}])

    assert entries(wanted, "2026-03-01 00:00", "2026-04-01 00:00") == [
        ("03-16 09:00", "03-16 21:00", "a", "layer 1"),
        ("03-16 21:00", "03-17 09:00", "a+b", "layer 1"),
        ("03-17 09:00", "03-18 09:00", "b", "layer 1"),
    ]
