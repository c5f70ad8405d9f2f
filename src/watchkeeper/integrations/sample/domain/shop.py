"""The invented shop, told as one row of constants for each thing that is measured.

Times are minutes and days of a calendar that never ends: outages, slow burns and deploys come
round by fixed periods from one anchor, so that the last weeks look alive from any date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

ANCHOR = 28_401_120
"""Minute from which all periods are counted: Monday, 1 January 2024, 00:00 UTC."""

DAY = 1440
OUTAGE_DAYS = 90
"""Each big outage comes once in so many days, so that any 90 days hold exactly two."""
BURN_DAYS = 36
"""A slow burn comes back after so many days."""
BURN_LASTS_DAYS = 15
"""It lasts so long; three things take turns, so that one of them always burns."""


class Outage(Enum):
    """The big outages."""

    PAYMENTS = "payments"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Coming:
    """When an outage comes in its period, and how long it usually lasts; both in minutes.

    From one to the next it is 39 days and 15 h, then 50 days and 9 h. How long each lasts and
    how bad it is differs from time to time.
    """

    begins: int
    lasts: int


OUTAGES: Mapping[Outage, Coming] = {
    Outage.PAYMENTS: Coming(begins=22 * DAY + 18 * 60 + 37, lasts=46),
    Outage.NETWORK: Coming(begins=62 * DAY + 9 * 60 + 48, lasts=29),
}


class Shape(Enum):
    """How traffic goes over a day and a week."""

    SHOPPING = "shopping"
    WORKS = "works"
    STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Series:
    """One thing that is measured.

    Attributes:
        peak: Events of the busiest usual minute.
        bad: Share of bad events on a quiet day.
        shape: How traffic goes over a day and a week.
        outages: Share of bad events that each outage adds at its worst.
        deploys: Share of the weekdays that bring a deploy.
        burn: Share of bad events that the slow burn adds; 0: it never burns slowly.
        burn_turn: Which third of the period is its own.
        gaps: Share of the days on which it is not measured for some hours.
        silent: Whether nothing was ever measured.
    """

    peak: float
    bad: float
    shape: Shape = Shape.SHOPPING
    outages: Mapping[Outage, float] | None = None
    deploys: float = 0.3
    burn: float = 0.0
    burn_turn: int = 0
    gaps: float = 0.0
    silent: bool = False


SERIES: Mapping[str, Series] = {
    "payments.decided": Series(
        peak=95, bad=0.000_09, deploys=0.12, outages={Outage.PAYMENTS: 0.13}
    ),
    "checkout.errors": Series(
        peak=640, bad=0.000_22, outages={Outage.PAYMENTS: 0.17, Outage.NETWORK: 0.1}
    ),
    "checkout.latency": Series(
        peak=640, bad=0.0016, outages={Outage.PAYMENTS: 0.6, Outage.NETWORK: 0.4}
    ),
    "cart.errors": Series(peak=880, bad=0.000_25, outages={Outage.NETWORK: 0.28}),
    "gift-cards.redeemed": Series(peak=0.42, bad=0.000_25, deploys=0.05),
    "storefront.screens": Series(peak=4200, bad=0.000_14, outages={Outage.NETWORK: 0.45}),
    "storefront.paint": Series(
        peak=1900, bad=0.0095, burn=0.069, burn_turn=1, outages={Outage.NETWORK: 0.5}
    ),
    "catalogue.errors": Series(peak=2600, bad=0.000_07, outages={Outage.NETWORK: 0.12}),
    "catalogue.latency": Series(peak=2600, bad=0.000_6, outages={Outage.NETWORK: 0.2}),
    "search.errors": Series(peak=1150, bad=0.000_22, outages={Outage.NETWORK: 0.25}),
    "search.latency": Series(
        peak=1150, bad=0.0016, burn=0.0139, burn_turn=0, outages={Outage.NETWORK: 0.35}
    ),
    "for-you.errors": Series(peak=760, bad=0.0118, deploys=0.5),
    "inventory.fresh": Series(peak=5200, bad=0.0262, shape=Shape.STEADY, deploys=0.25),
    "orders.in-time": Series(
        peak=70, bad=0.0008, burn=0.0069, burn_turn=2, outages={Outage.PAYMENTS: 0.12}
    ),
    "delivery.quotes": Series(peak=55, bad=0.0018, shape=Shape.WORKS, gaps=0.35),
    "delivery.pick-up": Series(peak=20, bad=0.001, silent=True),
    "identity.decided": Series(
        peak=210, bad=0.000_06, deploys=0.08, outages={Outage.NETWORK: 0.16}
    ),
    "messages.in-time": Series(
        peak=120, bad=0.0034, shape=Shape.WORKS, outages={Outage.NETWORK: 0.3}
    ),
}
"""All series by name; the names stand in the sample's SLOs as ``series``."""
