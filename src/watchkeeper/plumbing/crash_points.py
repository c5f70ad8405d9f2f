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
INTAKE_POINTS = (
    "alerts.before_commit",  # events, alerts and escalations are written, not committed
    "alerts.committed",  # they are committed, the sender has no answer yet
)
CATCHING_UP_POINTS = (
    *INTAKE_POINTS,  # the same for posts that were accepted first
    "alerts.caught_up",  # posts that were accepted first are decided, the next are held
)
ESCALATION_POINTS = (
    "escalation.claimed",  # escalations are held, nothing is decided yet
    "escalation.stepped",  # pages and the next step are written
)
DELIVERY_POINTS = (
    "delivery.claimed",  # deliveries are held, nothing says so yet
    "delivery.marked_sending",  # their attempts are written, nobody was called yet
    "delivery.called",  # somebody was called, nothing says so yet
    "delivery.marked",  # what came of the calls is written
)


def reach(point: str) -> None:
    """End the process here, as a power cut would, if the test asks for it."""
    if os.environ.get("WATCHKEEPER_CRASH_AT") != point:
        return
    if os.environ.get("WATCHKEEPER_TEST_BUILD") == "1":
        os.kill(os.getpid(), signal.SIGKILL)
