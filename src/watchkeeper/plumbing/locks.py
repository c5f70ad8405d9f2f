"""Lets one transaction at a time through a narrow place."""

import hashlib

from django.db import connection
from django.db.transaction import TransactionManagementError


def serialise(name: str) -> None:
    """Wait until no other transaction holds ``name``, and hold it until this one ends.

    Must be called inside a transaction. PostgreSQL: an advisory lock. SQLite: nothing, since its
    write transactions are IMMEDIATE and so already stand in line.

    Raises:
        TransactionManagementError: there is no transaction that could hold it.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("serialise() holds until the transaction ends: open one")
    if connection.vendor != "postgresql":
        return
    digest = hashlib.sha256(name.encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
