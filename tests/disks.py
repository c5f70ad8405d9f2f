"""Disks that fail: what is to be kept is not kept, or there is no room."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.servers import program

_TRACED_WITHIN = 10.0


@contextlib.contextmanager
def keeping_nothing(processes: Collection[int], *, follow: bool = True) -> Iterator[None]:
    """Let every attempt of processes to make their disk keep something fail.

    Args:
        processes: Their ids.
        follow: Whether what they start meanwhile fails too.
    """
    command = [
        program("strace"), "-qq", "-o", os.devnull, *(["-f"] if follow else []),
        *(word for process in processes for word in ("-p", str(process))),
        "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracer:
        until = time.monotonic() + _TRACED_WITHIN
        while not all(_is_traced(process) for process in processes):
            if tracer.poll() or time.monotonic() > until:
                pytest.skip("this user may not trace a process")
            time.sleep(0.01)
        yield
        tracer.send_signal(signal.SIGINT)


def _is_traced(process: int) -> bool:
    """Whether somebody traces a process; one that ended was, as it failed."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True
    return "TracerPid:\t0\n" not in status


@contextlib.contextmanager
def small(place: Path, *, size: str) -> Iterator[Path]:
    """Mount an empty disk of a size as ``24m``; needs the right to mount."""
    place.mkdir()
    command = [program("mount"), "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Leave no room on the disk at ``place``; return the file to remove."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return ballast
