"""Moving one route before or behind its neighbour, by as few new numbers as will do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

STEP = 10
"""How far from the first or last route one that goes there is put."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A route among the others.

    Attributes:
        name: Its name; of routes of one order the name that comes first is asked first.
        order: Its number.
        is_fixed: Whether its number cannot be changed here.
    """

    name: str
    order: int
    is_fixed: bool = False

    @property
    def key(self) -> tuple[int, str]:
        """What routes are sorted by."""
        return self.order, self.name


def moved(routes: Sequence[Numbered], name: str, *, is_up: bool) -> dict[str, int] | None:
    """Return the new numbers of routes, by name; empty: there is nowhere to go.

    Args:
        routes: All of them, in any order.
        name: The one that moves.
        is_up: Whether it goes before the one that is asked before it; else behind the next.

    Returns:
        ``None`` where only a route whose number is fixed could make room.
    """
    old = sorted(routes, key=lambda each: each.key)
    at = next(place for place, each in enumerate(old) if each.name == name)
    to = at - 1 if is_up else at + 1
    if not 0 <= to < len(old):
        return {}
    wanted = [each for each in old if each.name != name]
    wanted.insert(to, old[at])
    number = _between(wanted, to)
    if number is not None:
        return {name: number}
    return _pushed(wanted, to)


def _between(wanted: Sequence[Numbered], place: int) -> int | None:
    """Return a number that puts the route at ``place`` between its neighbours; ``None``: none."""
    before = wanted[place - 1] if place else None
    after = wanted[place + 1] if place + 1 < len(wanted) else None
    if before is None:
        return after.order - STEP if after is not None else wanted[place].order
    if after is None:
        return before.order + STEP
    for number in ((before.order + after.order) // 2, after.order, before.order):
        if before.key < replace(wanted[place], order=number).key < after.key:
            return number
    return None


def _pushed(wanted: Sequence[Numbered], place: int) -> dict[str, int] | None:
    """Return numbers that push on the routes behind ``place`` as far as has to be."""
    found: dict[str, int] = {}
    last = wanted[place - 1]
    for at, each in enumerate(wanted[place:]):
        if at and each.key > last.key:
            break
        if each.is_fixed:
            return None
        number = last.order if each.name > last.name else last.order + 1
        last = replace(each, order=number)
        found[each.name] = number
    return found
