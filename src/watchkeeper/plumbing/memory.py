"""How this process gets and gives back memory."""

import ctypes
import gc

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 8 << 20


def give_back_large_blocks() -> bool:
    """Let blocks from 8 MiB on go back to the system as soon as they are freed.

    The C library otherwise raises that size as large blocks come and go, until they share the heap
    with small ones that stay, and none of it can be given back: a hundred MiB after the first tick
    of ten thousand SLOs.

    Returns:
        Whether the C library knows how; glibc does, others need not.

    Source: glibc manual, Malloc Tunable Parameters, M_MMAP_THRESHOLD.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES))


def leave_out_what_is_loaded() -> int:
    """Keep what a started process has loaded, and never gives up, out of garbage collections.

    A full collection goes through every object there is, while a page waits; most of them are
    Django's and ours, and are there until the process ends.

    Returns:
        How many objects are left out from now on.

    Source: Python's documentation of ``gc.freeze``.
    """
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()
