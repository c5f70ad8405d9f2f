"""Facts: what a slice tells the slices above it, after the commit.

A fact is a frozen dataclass in a slice's ``events.py``, in the past tense, holding ids only. It
may be lost in a crash; what must survive is a row that a job finds.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import transaction

Fact = TypeVar("Fact")

logger = structlog.get_logger(__name__)
_subscribers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(kind: type[Fact], handler: Callable[[Fact], None]) -> None:
    """Call ``handler`` with every fact of exactly this ``kind``; registering twice is harmless."""
    if handler not in _subscribers[kind]:
        _subscribers[kind].append(handler)


def publish(fact: object) -> None:
    """Tell ``fact`` after the current transaction commits; not at all if it rolls back."""
    for handler in _subscribers[type(fact)]:
        transaction.on_commit(partial(_tell, handler, fact))


def _tell(handler: Callable[[Any], None], fact: object) -> None:
    try:
        handler(fact)
    except Exception:  # a listener's fault must not undo what is committed
        logger.exception("subscriber failed", fact=type(fact).__name__)
