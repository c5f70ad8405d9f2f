"""Lets one transaction at a time through a narrow place."""

import hashlib

from django.db import connection


def serialise(name: str) -> None:
    """Wait until no other transaction holds ``name``, and hold it until this one ends.

    Must be called inside a transaction. PostgreSQL: an advisory lock. SQLite: nothing, since its
    write transactions are IMMEDIATE and so already stand in line.
    """
    if connection.vendor != "postgresql":
        return
    digest = hashlib.sha256(name.encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
