"""A product of its own for one benchmark: a fresh data folder, migrated, thrown away after."""

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

MEBIBYTE = 1024 * 1024


@contextmanager
def fresh() -> Iterator[None]:
    """Set the product up on SQLite in a folder of its own.

    Django is set up once in a process, so that each benchmark runs in a process of its own.
    """
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        os.environ["WATCHKEEPER_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "watchkeeper.config.settings"
        import django
        from django.core.management import call_command

        from watchkeeper.plumbing import memory
        from watchkeeper.plumbing.keys import Keyring

        memory.give_back_large_blocks()
        django.setup()
        Keyring.load_or_make(Path(folder) / "secret.key")
        call_command("migrate", verbosity=0, skip_checks=True)
        yield


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that ``work`` took, on the wall and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak_mebibytes() -> float:
    """Return the most memory that this process held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEBIBYTE


def told(name: str, values: list[float], *, bound: float | None = None) -> None:
    """Print the median and the worst of some seconds."""
    limit = "" if bound is None else f"   bound {bound:g} s"
    print(f"  {name:44} median {median(values):7.3f} s   worst {max(values):7.3f} s{limit}")


def processor_seconds(pid: int) -> float:
    """Return the seconds of processor that another process has used, its own and the kernel's."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mebibytes(pid: int) -> float:
    """Return the memory that another process holds now, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} is gone")
