"""The backend: a transaction, or a statement that writes alone, waits for its turn.

Other processes on the same file are waited for as before, by SQLite's own time-out.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from watchkeeper.plumbing.sqlite.turns import Turns

_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
_TURNS: defaultdict[str, Turns] = defaultdict(Turns)


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that waits for its turn where it writes outside of a transaction."""

    database: "DatabaseWrapper"

    def execute(self, query: Any, params: Any = None) -> Any:
        """Run one statement."""
        with self.database.turn_of(query):
            return super().execute(query, params)

    def executemany(self, query: Any, param_list: Iterable[Any]) -> Any:
        """Run one statement for each of ``param_list``."""
        with self.database.turn_of(query):
            return super().executemany(query, param_list)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection; each database file has one line of writers in this process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_turn = False

    def create_cursor(self, name: Any = None) -> Any:
        """See Django."""
        del name
        assert isinstance(self.connection, sqlite3.Connection)
        cursor = self.connection.cursor(factory=Cursor)
        cursor.database = self
        return cursor

    @contextmanager
    def turn_of(self, query: str) -> Iterator[None]:
        """Hold the turn while ``query`` runs, where it needs one of its own."""
        is_alone = not self._has_turn and query.lstrip()[:7].partition(" ")[0].upper() in _WRITES
        if is_alone:
            self._take()
        try:
            yield
        finally:
            if is_alone and not self.in_atomic_block:
                self._give()

    def _start_transaction_under_autocommit(self) -> None:
        self._take()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._give()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._give()

    def _take(self) -> None:
        seconds = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        if not self._has_turn and not self._turns.take(seconds=seconds):
            raise OperationalError("database is locked: others of this process write for too long")
        self._has_turn = True

    def _give(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.give()

    @property
    def _turns(self) -> Turns:
        return _TURNS[str(self.settings_dict["NAME"])]
