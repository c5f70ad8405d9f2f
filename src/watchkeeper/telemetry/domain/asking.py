"""Which minutes to ask a source for, and when."""

from dataclasses import dataclass

from watchkeeper.telemetry.domain.codec import DAY_MINUTES

FIRST_AFTER_SECONDS = 90
"""How long after its end a minute is asked for: late scrapes have come in."""
AGAIN_AFTER_SECONDS = 600
"""How long after its end it is asked for again: late data has come in."""
LONGEST_MINUTES = 15
"""A longer gap is left to the back-fill, so that the newest minutes come first."""
TOGETHER = 10
"""SLIs whose history is asked for in one call."""
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ask:
    """What is due of one source.

    Attributes:
        first: Minutes ``[start, end)`` never asked for.
        again: Minutes ``[start, end)`` to be asked for a second time.
        missed: Minutes ``[start, end)`` that the back-fill must ask for; ``None`` where none.
    """

    first: tuple[int, int]
    again: tuple[int, int]
    missed: tuple[int, int] | None

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The ranges to ask for now, none of them empty."""
        return tuple(each for each in (self.first, self.again) if each[0] < each[1])


def due(*, now_second: int, asked_to: int | None, asked_again_to: int | None) -> Ask:
    """Return what a source is to be asked for.

    Args:
        now_second: The present, whole seconds since the Unix epoch.
        asked_to: Minutes before this were asked for; ``None``: none ever was.
        asked_again_to: Minutes before this were asked for twice; ``None``: none ever was.
    """
    first_end = (now_second - FIRST_AFTER_SECONDS) // _MINUTE_SECONDS
    again_end = (now_second - AGAIN_AFTER_SECONDS) // _MINUTE_SECONDS
    if asked_to is None:
        asked_to = first_end
    start = max(asked_to, first_end - LONGEST_MINUTES)
    again = asked_to if asked_again_to is None else asked_again_to
    again = max(again, again_end - LONGEST_MINUTES)
    return Ask(
        first=(start, max(start, first_end)),
        again=(again, max(again, again_end)),
        missed=(asked_to, start) if asked_to < start else None,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Minutes ``[start, end)`` of one version still to be asked for.

    Attributes:
        id: Id of the row.
        version_id: The version.
        start: First minute.
        end: The minute after the last; it shrinks.
    """

    id: int
    version_id: int
    start: int
    end: int


def next_chunk(
    wanted: list[Wanted], *, newest: int
) -> tuple[tuple[int, int], list[Wanted]] | None:
    """Return the minutes to ask for next and the rows that they serve.

    The newest day of all comes first, so that every SLI soon shows something; then few SLIs at a
    time go back through their history, newest day first, so that each is soon complete.

    Args:
        wanted: What is still to be asked of one source.
        newest: The minute now; what ends less than a day before it is the newest day.

    Returns:
        ``None`` when nothing is left.
    """
    if not wanted:
        return None
    recent = [each for each in wanted if each.end > newest - DAY_MINUTES]
    order = sorted(recent or wanted, key=lambda each: (each.version_id, -each.end))
    chosen = order[:TOGETHER]
    end = max(each.end for each in chosen)
    start = (end - 1) // DAY_MINUTES * DAY_MINUTES
    served = [each for each in chosen if each.end > start]
    return (max(start, min(each.start for each in served)), end), served
