"""Rows by the hundred: what the intake writes, without an object for each.

Django's own ``bulk_create`` costs some forty times the processor of a plain insert a row.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

_MOST_VALUES = 20_000
Row = Mapping[str, Any]


def insert(
    model: type[models.Model], rows: Sequence[Row], *, if_absent: bool = False
) -> list[int]:
    """Insert ``rows``, all with the same columns, and return their ids in order.

    Rows come back in the order in which they are given, as Django's own ``bulk_create`` expects of
    both databases. With ``if_absent`` those that a constraint forbids are left out.
    """
    ids: list[int] = []
    if not rows:
        return ids
    names = list(rows[0])
    tail = " ON CONFLICT DO NOTHING RETURNING id" if if_absent else " RETURNING id"
    if connection.vendor == "postgresql" and not any(
        isinstance(v, bytes) for v in rows[0].values()
    ):
        return _insert_document(model, names, rows, tail=tail)
    step = max(1, _MOST_VALUES // len(names))
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in names)
    place = f"({', '.join(['%s'] * len(names))})"
    head = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608  our own columns
    with connection.cursor() as cursor:
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            values = _all_adapted([row[name] for row in part for name in names])
            cursor.execute(f"{head}{', '.join([place] * len(part))}{tail}", values)
            ids += [found for (found,) in cursor.fetchall()]
    return ids


def add(objects: Sequence[models.Model]) -> None:
    """Insert objects of one model, but for those a constraint forbids; their ids stay unset."""
    if objects:
        insert(type(objects[0]), [columns(each) for each in objects], if_absent=True)


def move(objects: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the columns ``names`` of objects that are stored; the caller holds them locked."""
    if not objects:
        return
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = %s" for name in names)
    table = quote(objects[0]._meta.db_table)
    rows = [[*(getattr(each, name) for name in names), each.pk] for each in objects]
    execute_many(f"UPDATE {table} SET {sets} WHERE id = %s", rows)  # noqa: S608  our own columns


def columns(row: models.Model) -> dict[str, Any]:
    """Return what a row is to hold; an id that the database gives is left to it."""
    fields = (f for f in row._meta.concrete_fields if not f.primary_key or row.pk is not None)
    return {field.attname: getattr(row, field.attname) for field in fields}


def _insert_document(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, tail: str
) -> list[int]:
    """Insert rows that travel as one JSON text: PostgreSQL takes it apart, in place of psycopg.

    To fill in thousands of values one by one cost four times as much as all the rest of a batch.
    Source: https://www.postgresql.org/docs/15/functions-json.html, ``json_to_recordset``.
    """
    columns, taken, told = _told_columns(model, tuple(names))
    sql = (
        f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns}) "  # noqa: S608  our own columns
        f"SELECT {taken} FROM ROWS FROM (json_to_recordset(%s::json) AS ({told})) WITH ORDINALITY "
        f"AS told ORDER BY ordinality{tail}"
    )
    document = json.dumps([{name: _in_json(row[name]) for name in names} for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(sql, [document])
        return [found for (found,) in cursor.fetchall()]


@cache
def _told_columns(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, str, str]:
    """Return the columns to write, what is taken for each, and as what the document tells them."""
    quote = connection.ops.quote_name
    kinds = {
        field.attname: str(field.db_type(connection)) for field in model._meta.concrete_fields
    }
    taken, told = [], []
    for name in names:
        is_text = kinds[name].startswith(("varchar", "text", "jsonb"))
        cast = "::jsonb" if kinds[name] == "jsonb" else ""
        taken.append(f"{quote(name)}{cast}")
        told.append(f"{quote(name)} {'text' if is_text else kinds[name]}")
    return ", ".join(quote(name) for name in names), ", ".join(taken), ", ".join(told)


def _in_json(value: Any) -> Any:
    """Return ``value`` as a document tells it; what is JSON itself travels as text."""
    if isinstance(value, dict):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, dt.datetime) else value


def select(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return what a question of ours finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [adapted(value) for value in values])
        return list(cursor.fetchall())


def one_by_one(
    table: str, column: str, values: Sequence[str], *, where: str, given: Sequence[Any]
) -> tuple[str, list[Any]]:
    """Return a condition on rows of ``table``, and its values: each of ``values`` looked up alone.

    PostgreSQL chooses how to read a long list by statistics, which a storm outruns: it would read
    all that ``where`` finds. So each is looked up by the index over ``where`` and ``column``.

    Args:
        table: Its name; it has a column ``id``.
        column: Holds text.
        values: Those wanted.
        where: What holds beside it; an index covers it.
        given: Values of ``where``.
    """
    if connection.vendor != "postgresql":
        return f"{where} AND {column} IN ({', '.join(['%s'] * len(values))})", [*given, *values]
    found = (
        f"SELECT found.id FROM unnest(%s::text[]) AS wanted(value) CROSS JOIN LATERAL "  # noqa: S608  our own columns
        f"(SELECT id FROM {table} WHERE {where} AND {column} = wanted.value OFFSET 0) AS found"
    )
    return f"id = ANY(ARRAY({found}))", [list(values), *given]


def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Do one thing for each of ``rows``."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, [[adapted(value) for value in row] for row in rows])


def _all_adapted(values: list[Any]) -> list[Any]:
    """Return ``values`` as the database takes them; the same instant is written out once."""
    seen: dict[dt.datetime, Any] = {}
    for place, value in enumerate(values):
        kind = type(value)
        if kind is str or kind is int or value is None:
            continue
        if kind is dt.datetime:
            if value not in seen:
                seen[value] = adapted(value)
            values[place] = seen[value]
        else:
            values[place] = adapted(value)
    return values


def adapted(value: Any) -> Any:
    """Return ``value`` as the database takes it."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dict):
        return json.dumps(value)
    return value


def moment(value: Any) -> dt.datetime | None:
    """Return an instant that :func:`select` found; SQLite tells it as text."""
    if value is None:
        return None
    found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
