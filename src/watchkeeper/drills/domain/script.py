"""What a drill does, drawn from its seed: the same seed makes the same plan."""

import random
from dataclasses import dataclass

TWICE = 0.05
"""Share of alerts that are sent several times at once."""

FEW = 1_000
"""Alerts of a drill that is over in minutes."""

TAKEN = 0.6
"""Share of alerts that somebody acknowledges."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One alert of the plan.

    Attributes:
        key: Its dedup key.
        service: Whose it is.
        copies: How often it is sent at the same time.
        acknowledge_after: Seconds from the first call to its acknowledgement; ``None``: nobody
            takes it.
    """

    key: str
    service: str
    copies: int
    acknowledge_after: float | None


def services(count: int) -> list[str]:
    """Return the services that so many alerts are of: one for each thousand, at most fifty.

    Who is paged for one is called for at most four hundred alerts a second, as calls are bounded.
    """
    return [f"drill-{place}" for place in range(max(1, min(50, count // 1_000)))]


def further_rounds(count: int) -> int:
    """Return how often the policies of a drill are gone through again: of many alerts not at all.

    Each alert is of two to five pages as it is, and what is tried is the same in each round.
    """
    return 1 if count <= FEW else 0


def alerts(seed: int, count: int) -> list[Planned]:
    """Return the alerts of a drill, in the order they are sent."""
    dice = random.Random(f"alerts {seed}")  # noqa: S311  a plan, not a secret
    names = services(count)
    return [
        Planned(
            key=f"drill-{seed}-{place}",
            service=names[place % len(names)],
            copies=dice.randint(2, 5) if dice.random() < TWICE else 1,
            acknowledge_after=dice.uniform(0.0, 6.0) if dice.random() < TAKEN else None,
        )
        for place in range(count)
    ]


def faults(seed: int) -> "Faults":
    """Return what the provider does, call by call."""
    return Faults(random.Random(f"faults {seed}"))  # noqa: S311  a plan, not a secret


class Faults:
    """Draws what happens to the next call."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def draw(self) -> str:
        """Return ``accepted`` (mostly), ``refused``, ``reset`` or ``hung``."""
        (drawn,) = self._dice.choices(
            ("accepted", "refused", "reset", "hung"), weights=(95, 3, 1.5, 0.5)
        )
        return drawn


def pauses(seed: int, kills: int) -> list[tuple[float, float]]:
    """Return for each kill how long the product lives before, and how long it is gone after."""
    dice = random.Random(f"kills {seed}")  # noqa: S311  a plan, not a secret
    return [(dice.uniform(0.4, 1.4), dice.uniform(0.0, 0.3)) for _ in range(kills)]
