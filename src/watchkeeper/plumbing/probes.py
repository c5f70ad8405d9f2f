"""Proof that work goes all the way: due, claimed, done, through each loop that carries real work.

That a thread lives and a heart beats says little. Each loop of the engine has a probe, a row of
due work as any other, which is claimed and finished in the loop's own thread after a step that
went well. A loop that stands still, or fails each time, lets its probe wait; ``pulse`` sees that.
"""

import os
import platform
from collections.abc import Collection

from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work, pulse

EVERY_MS = 5_000
_LOOK_SECONDS = 2.0


def put(loops: Collection[str], *, now_ms: int) -> None:
    """Make sure that each of ``loops`` has its probe."""
    for name in loops:
        due_work.put(kind=pulse.PROBE, key=name, due_ms=now_ms)
        due_work.pull_in(kind=pulse.PROBE, key=name, latest_ms=now_ms + 2 * EVERY_MS)


class Probe:
    """The probe of one loop, as one engine lets it pass."""

    def __init__(self, loop: str) -> None:
        self._loop = loop
        self._owner = f"{platform.node()[:60]}-{os.getpid()}"
        self._looked = 0.0

    def passes(self) -> None:
        """Let the probe pass if it is due, after a step of the loop that went well."""
        if clock.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = clock.monotonic()
        held = due_work.claim(
            kind=pulse.PROBE, owner=self._owner, keys=[self._loop], max_attempts=due_work.FOREVER
        )
        for each in held:
            due_work.reschedule(each, due_ms=due_work.database_ms() + EVERY_MS)
