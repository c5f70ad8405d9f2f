"""What senders post is checked row by row."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain import push

NEWEST = 29_540_885
NOW = "2026-03-02T12:00:00Z"


def row(time: object = NOW, good: object = 999, total: object = 1000) -> dict[str, object]:
    return {"time": time, "good": good, "total": total}


@pytest.mark.parametrize(
    "time",
    [
        NOW,
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T13:00:00+01:00",
        "2026-03-02t12:00:00z",
        "2026-03-02 12:00:00.000Z",
        1_772_452_800,
        1_772_452_800.0,
        "1772452800",
    ],
)
def test_a_time_is_rfc_3339_or_whole_seconds(time: object) -> None:
    assert push.parse_rows([row(time)], newest=NEWEST).minute.tolist() == [1_772_452_800 // 60]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (row("2026-03-02T12:00:01Z"), "not the start of a minute"),
        (row("2026-03-02T12:00:00.5Z"), "not the start of a minute"),
        (row("2026-03-02T12:00:00"), "no offset"),
        (row("yesterday"), "neither RFC 3339"),
        (row("1969-12-31T23:59:00Z"), "before 1970"),
        (row("0001-01-01T00:00:00+23:59"), "before 1970"),
        (row("2026-03-02T12:06:00Z"), "more than 5 minutes in the future"),
        (row(True), "time must be"),
        (row(None), "time must be"),
        (row(float("inf")), "time must be"),
        (row(float("nan")), "time must be"),
        (row(10**400), "more than 5 minutes in the future"),
        (row("9" * 5000), "more than 5 minutes in the future"),
        (row(good=1001), "more than total"),
        (row(good=-1), "good must be a number"),
        (row(total=float("nan")), "total must be a number"),
        (row(total=float("inf")), "total must be a number"),
        (row(total=10**400), "total must be a number"),
        (row(good=True), "good must be a number"),
        (row(good=None), "good must be a number"),
        (row(good="5_0"), "good must be a number"),
        (row(good={}), "good must be a number"),
        ({"time": NOW, "good": 1}, "exactly time, good and total"),
        (row() | {"more": 1}, "exactly time, good and total"),
        (5, "exactly time, good and total"),
    ],
)
def test_a_wrong_row_is_told_by_its_number(wrong: object, sentence: str) -> None:
    with pytest.raises(InvalidError) as caught:
        push.parse_rows([row("2026-03-02T11:00:00Z"), wrong], newest=NEWEST)

    assert [problem.row for problem in caught.value.problems] == [1]
    assert sentence in caught.value.problems[0].detail


def test_five_minutes_ahead_is_the_latest() -> None:
    noon = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
    newest = push.newest_minute(noon)

    assert len(push.parse_rows([row("2026-03-02T12:05:00Z")], newest=newest).minute) == 1
    with pytest.raises(InvalidError):
        push.parse_rows([row("2026-03-02T12:06:00Z")], newest=newest)


def test_counts_keep_three_decimals_and_are_rounded_half_to_even() -> None:
    rows = [
        row(f"2026-03-02T11:0{place}:00Z", good, 10)
        for place, good in enumerate([0.1 + 0.2, 1.0005, 1.0015, 2.125, 0.001])
    ]

    assert push.parse_rows(rows, newest=NEWEST).good.tolist() == [300, 1000, 1002, 2125, 1]


def test_the_same_minute_twice_with_other_values_is_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        push.parse_rows([row(), row(), row(good=5)], newest=NEWEST)

    assert [problem.row for problem in caught.value.problems] == [2]


def test_ten_thousand_rows_are_the_most() -> None:
    with pytest.raises(InvalidError, match="at most 10000"):
        push.parse_rows([row()] * 10_001, newest=NEWEST)


def csv(text: str) -> push.Pushed:
    return push.parse_csv(text.encode().splitlines(keepends=True), newest=NEWEST)


@pytest.mark.parametrize(
    "text",
    [
        "time,good,total\n2026-03-02T12:00:00Z,999,1000\n",
        "\ufefftime,good,total\r\n2026-03-02T12:00:00Z,999,1000\r\n",
        "Total, good ,TIME\n\n1000,999,1772452800\n\n",
        '"time","good","total"\n"2026-03-02T12:00:00Z","999","1e3"',
    ],
    ids=["plain", "byte order mark", "other order", "quoted"],
)
def test_csv_is_read_whatever_its_dress(text: str) -> None:
    pushed = csv(text)

    assert (pushed.minute.tolist(), pushed.good.tolist(), pushed.total.tolist()) == (
        [1_772_452_800 // 60],
        [999_000],
        [1_000_000],
    )


@pytest.mark.parametrize(
    ("text", "row", "sentence"),
    [
        ("", None, "empty"),
        ("time,good\n", None, "must name time, good and total"),
        ("time,good,total,more\n", None, "must name time, good and total"),
        ("time,good,good\n", None, "must name time, good and total"),
        ("time,good,total\n1772452800,1\n", 0, "2 columns"),
        ("time,good,total\n1772452800,1,1\n1772452860,x,1\n", 1, "good must be a number"),
        ("time,good,total\n1772452800,1,nan\n", 0, "total must be a number"),
        ('time,good,total\n1772452800,"1,1\n', 0, "is not CSV"),
        ("time,good,total\n1772452800,\x00,1\n", 0, "good must be a number"),
        ("time,good,total\n1772452800,3,1\n", 0, "more than total"),
    ],
)
def test_a_wrong_csv_row_is_told_by_its_number(text: str, row: int | None, sentence: str) -> None:
    with pytest.raises(InvalidError) as caught:
        csv(text)

    assert caught.value.problems[0].row == row
    assert sentence in f"{caught.value.message} {caught.value.problems[0].detail}"


def test_bytes_that_are_no_text_are_told_by_their_row() -> None:
    with pytest.raises(InvalidError) as caught:
        push.parse_csv([b"time,good,total\n", b"1772452800,\xff\xfe,1\n"], newest=NEWEST)

    assert caught.value.problems[0].row == 0


def test_the_first_hundred_problems_are_enough() -> None:
    with pytest.raises(InvalidError) as caught:
        csv("time,good,total\n" + "x,1,1\n" * 500)

    assert len(caught.value.problems) == 100


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    lines = [b"time,good,total\n", *raw.splitlines(keepends=True)]
    try:
        pushed = push.parse_csv(lines, newest=NEWEST)
    except InvalidError:
        return
    assert len(pushed.minute) == len(pushed.good)


LEAF = st.none() | st.booleans() | st.floats() | st.text() | st.integers()


@given(st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_no_json_does_more_than_be_refused(value: object) -> None:
    for rows in (value, [value], [row(value)], [row(good=value, total=value)]):
        try:
            push.parse_rows(rows, newest=NEWEST)
        except InvalidError:
            continue
