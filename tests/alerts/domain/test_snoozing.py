"""Until when an alert is snoozed."""

import datetime as dt

import pytest

from tests.conftest import NOON
from watchkeeper.alerts.domain import snoozing
from watchkeeper.kernel.errors import InvalidError

HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("until", "length", "end"),
    [
        (NOON + HOUR, "", NOON + HOUR),
        (None, "90s", NOON + HOUR / 40),
        (None, "7d", NOON + 168 * HOUR),
        (NOON + 168 * HOUR, "", NOON + 168 * HOUR),
    ],
)
def test_a_snooze_ends_when_it_says(
    until: dt.datetime | None, length: str, end: dt.datetime
) -> None:
    assert snoozing.end_of(until=until, length=length, now=NOON) == end


@pytest.mark.parametrize(
    ("until", "length", "path"),
    [
        (None, "", "until"),
        (NOON + HOUR, "1h", "until"),
        (NOON, "", "until"),
        (NOON - HOUR, "", "until"),
        (NOON + 169 * HOUR, "", "until"),
        (None, "0m", "for"),
        (None, "8d", "for"),
        (None, "999999d", "for"),
        (None, "soon", "for"),
        (None, "-1h", "for"),
    ],
)
def test_a_snooze_that_cannot_be_is_refused(
    until: dt.datetime | None, length: str, path: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        snoozing.end_of(until=until, length=length, now=NOON)

    assert [problem.path for problem in refused.value.problems] == [path]
