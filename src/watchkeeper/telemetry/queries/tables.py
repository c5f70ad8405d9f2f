"""Columns of numbers as tables that a query can join, on SQLite and on PostgreSQL.

Thousands of ids in an ``IN`` list are slow to plan and pass SQLite's limit of parameters; one
JSON text (SQLite) or one array for each column (PostgreSQL) is neither.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from watchkeeper.telemetry.domain.series import Counts

_STEP = 50_000


def table(name: str, columns: dict[str, Sequence[int] | Counts]) -> tuple[str, list[Any]]:
    """Return SQL for a table of whole numbers under ``name``, and its parameters."""
    lists = [[int(value) for value in column] for column in columns.values()]
    if connection.vendor == "sqlite":
        picks = ", ".join(
            f"json_extract(value, '$[{place}]') AS {column}"
            for place, column in enumerate(columns)
        )
        return (
            f"(SELECT {picks} FROM json_each(%s)) AS {name}",  # noqa: S608  names of ours
            [json.dumps(list(zip(*lists, strict=True)))],
        )
    arrays = ", ".join("%s::bigint[]" for _ in columns)
    return f"unnest({arrays}) AS {name}({', '.join(columns)})", list(lists)


def select(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def execute(sql: str, parameters: Sequence[Any]) -> int:
    """Run a statement; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def execute_each(sql: str, records: Sequence[Sequence[Any]]) -> int:
    """Run a statement once for each record; return how many rows it touched in all."""
    if not records:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(sql, records)
        return int(cursor.rowcount)


def insert(
    into: str,
    columns: dict[str, Sequence[int] | Counts],
    *,
    fixed: dict[str, Any] | None = None,
    suffix: str = "",
) -> None:
    """Insert rows of whole numbers, each with the ``fixed`` values beside them.

    Args:
        into: Name of the table.
        columns: Values of each row by column; equal lengths.
        fixed: Values that all rows share, as the database's driver takes them.
        suffix: What follows, as ``ON CONFLICT …``.
    """
    fixed = fixed or {}
    names = ", ".join((*columns, *fixed))
    lists = [[int(value) for value in column] for column in columns.values()]
    for low, high in _steps(len(lists[0])):
        part = [column[low:high] for column in lists]
        if connection.vendor == "sqlite":
            marks = ", ".join("%s" for _ in range(len(columns) + len(fixed)))
            rest = tuple(fixed.values())
            sql = f"INSERT INTO {into} ({names}) VALUES ({marks}) {suffix}"  # noqa: S608
            execute_each(sql, [(*row, *rest) for row in zip(*part, strict=True)])
        else:
            arrays = ", ".join("%s::bigint[]" for _ in columns)
            shared = "".join(", %s" for _ in fixed)
            sql = (
                f"INSERT INTO {into} ({names}) SELECT t.*{shared} "  # noqa: S608
                f"FROM unnest({arrays}) AS t {suffix}"
            )
            execute(sql, [*fixed.values(), *part])


def _steps(length: int) -> Iterator[tuple[int, int]]:
    for low in range(0, length, _STEP):
        yield low, min(low + _STEP, length)
