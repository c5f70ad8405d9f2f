"""States are worded and ordered once, for all doors."""

import pytest

from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus, urgency, words
from watchkeeper.ui.domain import states


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


def test_lists_and_looks_keep_one_order() -> None:
    """What is gone and pages at once has a look that calm ones share, so it is left out."""
    pairs: list[tuple[SloStatus, Severity | None]] = [
        (status, None) for status in SloStatus if status is not SloStatus.BURNING
    ]
    pairs += [(SloStatus.BURNING, severity) for severity in Severity]
    in_lists = sorted(pairs, key=lambda pair: urgency(*pair))

    ranks = [
        states.look(status, severity=severity.value if severity else None).rank
        for status, severity in in_lists
    ]

    assert ranks == sorted(ranks)
