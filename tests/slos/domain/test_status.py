"""States are worded and ordered once, for all doors."""

import pytest

from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus, urgency, words


@pytest.mark.parametrize(
    ("status", "severity", "expected"),
    [
        (SloStatus.NO_DATA, None, "No data"),
        (SloStatus.INSUFFICIENT, None, "Too few events"),
        (SloStatus.EXHAUSTED, Severity.PAGE, "Exhausted"),
        (SloStatus.BURNING, Severity.PAGE, "Burning"),
        (SloStatus.BURNING, Severity.TICKET, "Burning slowly"),
        (SloStatus.OK, None, "OK"),
    ],
)
def test_states_have_one_wording(
    status: SloStatus, severity: Severity | None, expected: str
) -> None:
    assert words(status, severity) == expected


def test_what_needs_a_person_now_stands_first() -> None:
    every = [(status, severity) for status in SloStatus for severity in [*Severity, None]]

    ordered = sorted(every, key=lambda pair: urgency(*pair))

    found = list(dict.fromkeys(words(*pair) for pair in ordered))
    assert ordered[0] == (SloStatus.EXHAUSTED, Severity.PAGE)
    assert found == [
        "Exhausted", "Burning", "Burning slowly", "No data", "Too few events", "OK",
    ]  # fmt: skip
