"""What stands in the rail: slices offer items, the shell shows those that lead somewhere."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.kernel.access import Permission, may
from watchkeeper.kernel.actors import Actor

GROUPS = ("Watch", "Respond", "Learn", "Plan", "People", "Settings")
QUICK_ITEMS = 4
MOST_IN_BADGE = 99


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One place of the product.

    Attributes:
        group: One of ``GROUPS``.
        label: What it is called, as ``SLOs``.
        url_name: Name of its URL, as ``slos:list``; left out while nothing answers to it.
        icon: Name in ``frontend/icons.json``, as ``target``.
        order: Place in its group, lowest first.
        permission: What one needs to see it.
        badge: Tells how many things wait there; shown when it is more than 0, and as ``99+``
            when it is more than 99, so that it need count no further. Must be quick: every
            screen calls it.
        badge_words: What the number counts, for screen readers, as ``open``.
        quick: Whether it may stand in the bottom bar of phones.
    """

    group: str
    label: str
    url_name: str
    icon: str
    order: int = 100
    permission: Permission = Permission.READ
    badge: Callable[[], int] | None = None
    badge_words: str = "open"
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """An item with its address, ready to show."""

    label: str
    url: str
    icon: str
    current: bool
    badge: int
    badge_words: str
    quick: bool

    @property
    def badge_text(self) -> str:
        """The number as it is shown: ``3``, ``99+``; empty where nothing waits."""
        if self.badge > MOST_IN_BADGE:
            return f"{MOST_IN_BADGE}+"
        return str(self.badge) if self.badge > 0 else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Items under one word."""

    label: str
    places: tuple[Place, ...]


class Registry:
    """The items that slices have offered; the last offer for a URL name wins."""

    def __init__(self) -> None:
        self._items: dict[str, NavigationItem] = {}

    def add(self, *items: NavigationItem) -> None:
        """Offer ``items``; offering the same again changes nothing.

        Raises:
            ValueError: a group is not one of ``GROUPS``.
        """
        for item in items:
            if item.group not in GROUPS:
                raise ValueError(f"{item.group!r} is not a group of the rail: {', '.join(GROUPS)}")
            self._items[item.url_name] = item

    def items(self) -> tuple[NavigationItem, ...]:
        """Return all items in the order of the rail."""
        return tuple(
            sorted(self._items.values(), key=lambda i: (GROUPS.index(i.group), i.order, i.label))
        )


registry = Registry()


def groups(
    items: Sequence[NavigationItem],
    *,
    actor: Actor,
    address: Callable[[str], str | None],
    path: str,
) -> tuple[Group, ...]:
    """Return what ``actor`` sees in the rail; a group with nothing in it is left out.

    Args:
        items: In the order of the rail.
        actor: The one who looks.
        address: Turns a URL name into its path; ``None`` where nothing answers to it.
        path: Path of the screen that is open: the place with the longest address that begins it
            is the current one.
    """
    seen = [
        (item, url)
        for item in items
        if may(actor, item.permission)
        for url in [address(item.url_name)]
        if url is not None
    ]
    current = max((url for _, url in seen if _within(path, url)), key=len, default=None)
    return tuple(
        Group(label, places)
        for label in GROUPS
        for places in [
            tuple(_place(item, url, current=current) for item, url in seen if item.group == label)
        ]
        if places
    )


def quick(groups: Iterable[Group]) -> tuple[Place, ...]:
    """Return the places of the bottom bar of phones: those marked quick, at most four."""
    places = [place for group in groups for place in group.places]
    return tuple([place for place in places if place.quick][:QUICK_ITEMS])


def _within(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))


def _place(item: NavigationItem, url: str, *, current: str | None) -> Place:
    return Place(
        label=item.label,
        url=url,
        icon=item.icon,
        current=url == current,
        badge=item.badge() if item.badge else 0,
        badge_words=item.badge_words,
        quick=item.quick,
    )
