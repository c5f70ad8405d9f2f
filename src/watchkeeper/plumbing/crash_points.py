"""Named places where a test may kill the process, to prove that nothing is lost there.

They do nothing but in a test build: ``WATCHKEEPER_TEST_BUILD=1`` and ``WATCHKEEPER_CRASH_AT``
naming the place must both be in the environment.
"""

import os
import signal

POINTS = (
    "due_work.claimed",  # the claim is committed, nothing is done yet
    "due_work.finishing",  # all is done, nothing is marked yet
    "due_work.finished",  # all is marked
)


def reach(point: str) -> None:
    """End the process here, as a power cut would, if the test asks for it."""
    if os.environ.get("WATCHKEEPER_CRASH_AT") != point:
        return
    if os.environ.get("WATCHKEEPER_TEST_BUILD") == "1":
        os.kill(os.getpid(), signal.SIGKILL)
