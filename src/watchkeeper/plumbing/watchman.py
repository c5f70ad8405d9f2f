"""The watchman: a thread beside the web and beside every engine that looks at the pager itself.

It looks each few seconds at what any node can see in the database, and tells admins by a second
path that needs no engine. Where even the database does not answer it tells that, each process for
itself, since there is no row by which to agree who does. On the way it reads the database's clock.
"""

import threading

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from watchkeeper.kernel import clock
from watchkeeper.plumbing import alarms, conditions, database_clock, second_path
from watchkeeper.plumbing.alarms import Standing, Word

LOOK_SECONDS = 3.0
_MS = 1000

logger = structlog.get_logger(__name__)


def start(stop: threading.Event) -> threading.Thread:
    """Let a watchman look until ``stop`` is set."""
    thread = threading.Thread(target=Watchman().run, args=(stop,), name="watchman", daemon=True)
    thread.start()
    return thread


class Watchman:
    """Looks and tells."""

    def __init__(self) -> None:
        self._lost_since: float | None = None
        self._lost = Standing()

    def run(self, stop: threading.Event) -> None:
        """Look each few seconds until ``stop`` is set; the first time once all had time to begin.

        An engine has its whole grace before anybody misses it.
        """
        stop.wait(settings.WATCHKEEPER.watch_lag_seconds)
        while not stop.is_set():
            try:
                self.look()
            except Exception:  # the outermost loop: whoever watches must not fall silent
                logger.exception("the watchman lost its footing and looks again")
            finally:
                connection.close()
            stop.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Look once, and tell what is to be told."""
        try:
            _look_at_rows()
        except (DatabaseError, InterfaceError) as error:
            self._lost_the_database(error)
        else:
            self._found_the_database()

    def _lost_the_database(self, error: Exception) -> None:
        now = clock.monotonic()
        self._lost_since = now if self._lost_since is None else self._lost_since
        length = now - self._lost_since
        if length < settings.WATCHKEEPER.watch_lag_seconds:
            return
        now_ms = int(now * _MS) + 1
        word = alarms.due_word(self._lost, now_ms=now_ms, remind_ms=_remind_ms())
        if word is None:
            return
        detail = f"The database has not answered for {length:.0f} s: {type(error).__name__}"
        if second_path.tell("database", detail, word):
            self._lost = Standing(told_ms=now_ms, is_told=True)

    def _found_the_database(self) -> None:
        self._lost_since = None
        if not self._lost.is_told:
            return
        if second_path.tell("database", "The database answers again", Word.OVER):
            self._lost = Standing(told_ms=self._lost.told_ms)


def _look_at_rows() -> None:
    database_clock.read()
    now_ms = alarms.now_ms()
    stall_ms = settings.WATCHKEEPER.watch_lag_seconds * _MS
    found = conditions.found(stall_ms=stall_ms, now=clock.now())
    alarms.note(found, now_ms=now_ms)
    details = {each.name[:200]: each.detail for each in found}
    for row, word in alarms.take(now_ms=now_ms, remind_ms=_remind_ms()):
        detail = details.get(row.name, row.detail)
        said = f"It is over: {detail}" if word is Word.OVER else detail
        if second_path.tell(row.name, said, word):
            alarms.told(row, word, now_ms=now_ms, detail=detail)
        else:
            alarms.released(row)


def _remind_ms() -> int:
    return int(settings.WATCHKEEPER.watch_reminder_minutes * 60 * _MS)
