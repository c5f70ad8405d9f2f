"""What a drill does, drawn from its seed: the same seed makes the same plan."""

import random
from dataclasses import dataclass

TWICE = 0.05
"""Share of alerts that are sent several times at once."""

_START_SECONDS = 2.5
"""What a start takes, about: the kills are spread over what is left."""

FEW = 1_000
"""Alerts of a drill that is over in minutes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a drill is like, by how many alerts it has.

    Attributes:
        taken: Share of alerts that somebody acknowledges.
        together: Alerts of one call that somebody takes at one time, at most.
        step: How long the first person has until the second is paged, as a duration.
        repeat: How long the second has until the next round, or the catch-all.
        rounds: Further rounds.
        bundle_seconds: How long what follows a call of somebody is gathered.
    """

    taken: float
    together: int
    step: str
    repeat: str
    rounds: int
    bundle_seconds: int


_OF_FEW = Shape(taken=0.6, together=1, step="4s", repeat="3s", rounds=1, bundle_seconds=2)
_OF_MANY = Shape(taken=0.8, together=100, step="60s", repeat="45s", rounds=0, bundle_seconds=20)


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


def shape(count: int) -> Shape:
    """Return what a drill of so many alerts is like.

    Of few every wait is short, so that two minutes see all of it: calls alone and of many, second
    people, rounds. Of many the waits are nearer to those of people, who have a minute before the
    next is called and take a screenful at a time.
    """
    return _OF_FEW if count <= FEW else _OF_MANY


def alerts(seed: int, count: int) -> list[Planned]:
    """Return the alerts of a drill, in the order they are sent."""
    dice = random.Random(f"alerts {seed}")  # noqa: S311  a plan, not a secret
    names, taken = services(count), shape(count).taken
    return [
        Planned(
            key=f"drill-{seed}-{place}",
            service=names[place % len(names)],
            copies=dice.randint(2, 5) if dice.random() < TWICE else 1,
            acknowledge_after=dice.uniform(0.0, 6.0) if dice.random() < taken else None,
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


def pauses(seed: int, kills: int, *, over: float = 0.0) -> list[tuple[float, float]]:
    """Return for each kill how long the product lives before, and how long it is gone after.

    Args:
        seed: What they are drawn from.
        kills: How many.
        over: Seconds that the kills are spread over; shorter than they take: they follow closely.
    """
    dice = random.Random(f"kills {seed}")  # noqa: S311  a plan, not a secret
    life = max(0.9, over / kills - _START_SECONDS) if kills else 0.0
    return [(life * dice.uniform(0.4, 1.4) / 0.9, dice.uniform(0.0, 0.3)) for _ in range(kills)]
