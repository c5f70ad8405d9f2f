"""The calendar as drawn: weeks, days with odd hours, holes, the present, words that fit."""

import datetime as dt

import pytest

from tests.oncall.domain.making import utc
from watchkeeper.oncall.domain.schedule import Entry
from watchkeeper.oncall.views import calendar
from watchkeeper.oncall.views.calendar import Week
from watchkeeper.ui.domain import times

OSLO = times.zone("Europe/Oslo")
AUTUMN = dt.date(2026, 10, 19)


def drawn(*entries: Entry, now: str = "2026-10-20 10:00", monday: dt.date = AUTUMN) -> Week:
    [(first, span)] = calendar.week_spans(monday, 1, OSLO)
    return calendar.week(
        first,
        span,
        final=entries,
        layers={"base": entries},
        called={"ines": "Inês Duarte"},
        zone=OSLO,
        now=utc(now),
    )


def entry(start: str, end: str, *people: str, layer: str = "base") -> Entry:
    return Entry(utc(start), utc(end), people, layer)


def test_weeks_begin_on_monday_at_midnight_of_the_zone_and_touch() -> None:
    spans = calendar.week_spans(AUTUMN, 3, OSLO)

    assert [first for first, _ in spans] == [AUTUMN + dt.timedelta(weeks=n) for n in range(3)]
    assert spans[0][1] == (utc("2026-10-18 22:00"), utc("2026-10-25 23:00"))  # an hour longer
    assert spans[0][1][1] == spans[1][1][0]


def test_a_day_on_which_clocks_change_says_its_hours() -> None:
    notes = [day.note for day in drawn().days]
    spring = [day.note for day in drawn(monday=dt.date(2026, 3, 23)).days]

    assert notes == ["", "", "", "", "", "", "25 h"]
    assert spring == ["", "", "", "", "", "", "23 h"]


def test_people_are_drawn_where_they_are_on_and_holes_where_nobody_is() -> None:
    week = drawn(entry("2026-10-18 22:00", "2026-10-21 22:00", "alice"))

    final = [block for block in week.blocks if block.y == 22]
    assert [(block.css.split()[0], block.label) for block in final] == [
        (final[0].css.split()[0], "alice"),
        ("gap", "nobody"),
    ]
    assert final[0].x == 0
    assert final[0].width == pytest.approx(100 * 72 / 169, abs=0.01)
    assert final[0].x + final[0].width == pytest.approx(final[1].x)
    assert final[1].x + final[1].width == pytest.approx(100)
    away = times.duration(dt.timedelta(days=4, hours=1))
    assert week.summary == f"19 to 25 Oct 2026: alice; nobody for {away}"


def test_the_present_and_overrides_are_marked() -> None:
    week = drawn(
        entry("2026-10-18 22:00", "2026-10-20 12:00", "alice"),
        entry("2026-10-20 12:00", "2026-10-25 23:00", "bob", layer="override"),
    )

    marks = [set(block.css.split()) & {"now", "ov"} for block in week.blocks if block.y == 22]
    assert marks == [{"now"}, {"ov"}]
    assert week.now == pytest.approx(100 * 36 / 169, abs=0.01)
    assert drawn(now="2026-11-20 10:00").now is None


def test_words_are_written_only_where_they_fit() -> None:
    week = drawn(
        entry("2026-10-19 00:00", "2026-10-19 01:00", "alice"),
        entry("2026-10-19 01:00", "2026-10-19 08:00", "alice", "bob"),
        entry("2026-10-19 09:00", "2026-10-20 09:00", "alice", "bob"),
    )

    labels = [b.label for b in week.blocks if b.y == 22 and b.css != "gap"]
    assert labels == ["", "", "alice, bob"]
    assert all(block.title for block in week.blocks)


def test_what_lies_outside_of_the_week_is_cut_off() -> None:
    week = drawn(entry("2026-01-01 00:00", "2027-01-01 00:00", "alice"))

    assert [(block.x, block.width) for block in week.blocks] == [(0, 100), (0, 100)]


def test_people_are_called_by_their_own_words_as_far_as_these_fit() -> None:
    long, short, tiny = (
        drawn(entry("2026-10-18 22:00", end, "ines")).blocks[0]
        for end in ("2026-10-20 22:00", "2026-10-19 08:00", "2026-10-18 23:00")
    )

    assert [block.label for block in (long, short, tiny)] == ["Inês Duarte", "Inês", ""]
    assert tiny.title.startswith("Inês Duarte, ")


def test_schedules_below_each_other_have_holes_and_words_of_their_own() -> None:
    [(first, span)] = calendar.week_spans(AUTUMN, 1, OSLO)
    lanes = [
        calendar.Lane("Shop", [entry("2026-10-18 22:00", "2026-10-25 23:00", "ines")]),
        calendar.Lane("Office", [entry("2026-10-19 07:00", "2026-10-19 15:00", "bob")]),
    ]
    week = calendar.board(first, span, lanes, called={}, zone=OSLO, now=utc("2026-10-20 10:00"))

    told = week.summary.replace("\u202f", " ")
    assert told == "19 to 25 Oct 2026: Shop: ines. Office: bob; nobody for 6 d 17 h"
    assert [row.label for row in week.rows] == ["Shop", "Office"]
    gaps = [block for block in week.blocks if block.css == "gap"]
    assert {block.y for block in gaps} == {week.blocks[0].y + 34}
    assert week.blocks[0].css.endswith(" now")


def test_who_is_called_by_nothing_but_spaces_breaks_no_page() -> None:
    [(first, span)] = calendar.week_spans(AUTUMN, 1, OSLO)
    lane = calendar.Lane("Shop", [entry("2026-10-18 22:00", "2026-10-25 23:00", "ines")])
    week = calendar.board(
        first, span, [lane], called={"ines": "  "}, zone=OSLO, now=utc("2026-10-20 10:00")
    )

    assert len(week.blocks) == 1
