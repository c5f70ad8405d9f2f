"""What asking costs a source: how many requests, and how long they took."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What some requests cost together.

    Attributes:
        requests: How many there were.
        failures: How many of them were not answered, or with an error.
        seconds: How long they took, added up.
        slowest_seconds: How long the slowest took.
    """

    requests: int = 0
    failures: int = 0
    seconds: float = 0.0
    slowest_seconds: float = 0.0

    @property
    def mean_seconds(self) -> float | None:
        """How long one took; ``None`` where there was none."""
        return self.seconds / self.requests if self.requests else None

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.requests + other.requests,
            self.failures + other.failures,
            self.seconds + other.seconds,
            max(self.slowest_seconds, other.slowest_seconds),
        )


class Meter:
    """Adds up what requests cost, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._load = Load()

    def note(self, seconds: float, *, failed: bool = False) -> None:
        """Count one request."""
        with self._lock:
            self._load += Load(1, int(failed), seconds, seconds)

    def taken(self) -> Load:
        """Return what was counted, and begin anew."""
        with self._lock:
            found, self._load = self._load, Load()
        return found
