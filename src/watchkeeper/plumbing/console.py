"""What commands print: tables for people, JSON for machines."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print ``rows`` under ``columns``; numbers to the right, unknown as a dash."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [
        max(len(column), *(len(row[place]) for row in texts)) if texts else len(column)
        for place, column in enumerate(columns)
    ]
    right = [
        bool(rows) and all(isinstance(row[place], int | float | Decimal | None) for row in rows)
        for place in range(len(columns))
    ]
    for line in ([*columns], *texts):
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def emit_json(value: Any) -> None:
    """Print ``value`` as indented JSON."""
    sys.stdout.write(json.dumps(value, indent=2, default=_plain) + "\n")


def say(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(f"{text}\n")


def warn(text: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write(f"{_text(text)}\n")


def _text(cell: object) -> str:
    """Return a cell as text that cannot steer the terminal."""
    if cell is None:
        return "—"
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(cell)
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
