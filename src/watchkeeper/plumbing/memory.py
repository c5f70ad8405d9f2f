"""How this process gets and gives back memory."""

import ctypes

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
