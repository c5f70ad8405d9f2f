"""Which minutes a source is asked for, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.telemetry.domain import asking
from watchkeeper.telemetry.domain.asking import Wanted


@pytest.mark.parametrize(
    ("second", "asked_to", "again_to", "first", "again", "missed"),
    [
        (60_000, None, None, (998, 998), (998, 998), None),
        (60_029, 998, 990, (998, 998), (990, 990), None),
        (60_030, 998, 990, (998, 999), (990, 990), None),
        (60_060, 998, 990, (998, 999), (990, 991), None),
        (60_000, 983, 983, (983, 998), (983, 990), None),
        (60_000, 900, 900, (983, 998), (975, 990), (900, 983)),
        (60_000, 1000, 999, (1000, 1000), (999, 999), None),
    ],
    ids=["never asked", "too young", "90 s old", "ten minutes old", "short gap", "long gap",
         "clock went back"],
)  # fmt: skip
def test_what_is_due(
    second: int,
    asked_to: int | None,
    again_to: int | None,
    first: tuple[int, int],
    again: tuple[int, int],
    missed: tuple[int, int] | None,
) -> None:
    due = asking.due(now_second=second, asked_to=asked_to, asked_again_to=again_to)

    assert (due.first, due.again, due.missed) == (first, again, missed)


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 30), st.integers(0, 20_000), st.integers(1, 5_000)), max_size=30
    )
)
def test_history_is_asked_whole_in_pieces_of_at_most_a_day(
    rows: list[tuple[int, int, int]],
) -> None:
    wanted = [
        Wanted(place, version, start, start + length)
        for place, (version, start, length) in enumerate(rows)
    ]
    left = {(each.id, minute) for each in wanted for minute in range(each.start, each.end)}
    for _ in range(10_000):
        chosen = asking.next_chunk(wanted, newest=25_000)
        if chosen is None:
            break
        (start, end), served = chosen
        assert 0 < end - start <= 1440
        assert served
        done = {each.id for each in served}
        left -= {(id_, minute) for id_ in done for minute in range(start, end)}
        wanted = [
            Wanted(each.id, each.version_id, each.start, start) if each.id in done else each
            for each in wanted
            if each.id not in done or each.start < start
        ]
    assert wanted == []
    assert left == set()
