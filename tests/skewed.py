"""The product on a machine whose clock is wrong, by its only reader of time.

Usage: python -m tests.skewed SECONDS WORDS…

(libfaketime would do, but under it either Python's sleeps or its waits for events fail.)
"""

import datetime as dt
import runpy
import sys

from watchkeeper.kernel import clock


def main() -> None:
    """Run the command ``watchkeeper WORDS…`` as if the clock were SECONDS ahead."""
    _, seconds, *words = sys.argv
    true = clock.system
    clock.system = lambda: true() + dt.timedelta(seconds=float(seconds))
    clock.set_base(clock.system)
    sys.argv = ["watchkeeper", *words]
    runpy.run_module("watchkeeper", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
