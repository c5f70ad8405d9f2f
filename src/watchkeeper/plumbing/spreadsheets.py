"""Tables as CSV for spreadsheets, written line by line."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Lines:
    """A file for ``csv`` that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def response(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, file: str
) -> StreamingHttpResponse:
    """Return a table as a file to save; unknown is empty, and no text is taken for a formula."""
    told = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    told["Content-Disposition"] = f'attachment; filename="{file}"'
    return told


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Lines())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_safe(value) for value in row])


def _safe(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
