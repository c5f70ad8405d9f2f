"""Waking a loop at once when there is work for it, instead of at its next look.

A bell is heard in this process only. Loops of other processes find the work when they look the
next time, so that a bell nobody heard costs a moment and never loses anything.
"""

import threading
from collections import defaultdict

from django.db import transaction

_bells: dict[str, threading.Event] = defaultdict(threading.Event)


def ring(name: str) -> None:
    """Wake the loop ``name`` after the current transaction commits; outside of one, at once."""
    transaction.on_commit(_bells[name].set)


def ring_now(name: str) -> None:
    """Wake the loop ``name`` at once; for threads that have no database."""
    _bells[name].set()


def wait(name: str, *, seconds: float) -> bool:
    """Wait until the bell of ``name`` rings, at most ``seconds``; return whether it rang."""
    bell = _bells[name]
    rang = bell.wait(seconds)
    bell.clear()
    return rang
