"""Run every benchmark in a process of its own, one after the other."""

import subprocess
import sys

BENCHMARKS = (
    "bench.ticks",
    "bench.backfill",
    "bench.history",
    "bench.pages",
    "bench.schedules",
    "bench.starts",
    "bench.intake",
    "bench.delays",
    "bench.alert_list",
    "bench.peers",
)


def main() -> int:
    """Run all benchmarks, or those named; return the number that failed."""
    wanted = sys.argv[1:] or BENCHMARKS
    failed = 0
    for name in wanted:
        failed += subprocess.run([sys.executable, "-m", name], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
