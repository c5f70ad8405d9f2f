"""What ``doctor`` looks at."""

import stat
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from watchkeeper.cli import schema
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import database_check, database_clock, pulse, second_path, secret_box
from watchkeeper.plumbing.alarms import Word
from watchkeeper.plumbing.keys import Keyring

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _key_file() -> str:
    path = Path(settings.WATCHKEEPER_KEY_FILE)
    ring = Keyring.load(path)
    if path.stat().st_mode & _OTHERS:
        raise InvalidError(f"{path} can be read by others; run: chmod 600 {path}")
    return f"{path}, fingerprint {ring.fingerprint()}"


def _encryption() -> str:
    sealed = secret_box.seal("canary", context="doctor")
    if "canary" in sealed or secret_box.open_sealed(sealed, context="doctor") != "canary":
        raise InvalidError("a secret does not come back as it was sealed")
    return "secrets can be sealed and opened"


def _database() -> str:
    database_check.check()
    return f"{connection.vendor}, its settings keep what is accepted"


def _clock() -> str:
    database_clock.read()
    ahead = database_clock.ahead()
    if ahead is None:
        return "one machine, one clock"
    seconds = ahead.total_seconds()
    told = f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} PostgreSQL's"
    if abs(ahead) >= database_clock.APART:
        raise InvalidError(f"this machine's is {told}, by which all nodes go; set it right")
    return told


def _schema() -> str:
    schema.require_current()
    return "is current"


def _engine() -> str:
    age = pulse.last_beat_age_ms()
    if age is None:
        return "none has run on this database yet"
    if age > pulse.STALL_MS:
        raise InvalidError(f"the last beat is {age // 1000} s old; start: watchkeeper up")
    return f"last beat {age / 1000:.1f} s ago"


def _jobs() -> str:
    failing = pulse.failing_jobs()
    if failing:
        name, error = next(iter(failing.items()))
        raise InvalidError(f"{len(failing)} failing, as {name}: {error}")
    return "none failing"


def _due_work() -> str:
    late = {kind: waits for kind, waits in pulse.lags().items() if waits > pulse.STALL_MS}
    if late:
        kind, waits = max(late.items(), key=lambda item: item[1])
        raise InvalidError(f"{kind} has waited for {waits // 1000} s and nobody does it")
    return f"the longest wait is {pulse.longest_lag_ms() / 1000:.1f} s"


def _second_path() -> str:
    ways = second_path.ways()
    if not ways:
        return "none is set; see WATCHKEEPER_WATCH_URL, WATCHKEEPER_HEARTBEAT_URL"
    return f"{', '.join(ways)}; try it with: watchkeeper doctor --tell"


PROBES: tuple[tuple[str, Callable[[], str]], ...] = (
    ("key file", _key_file),
    ("encryption", _encryption),
    ("database", _database),
    ("clock", _clock),
    ("schema", _schema),
    ("engine", _engine),
    ("jobs", _jobs),
    ("due work", _due_work),
    ("watch", _second_path),
)


def _tell() -> str:
    ways = second_path.ways()
    if not ways:
        raise InvalidError("none is set: WATCHKEEPER_WATCH_URL, WATCHKEEPER_WATCH_EMAIL")
    for send in ways.values():
        send("test", "This is a test of the second path; all is well", Word.OVER)
    return f"{', '.join(ways)} took a test"


TELLING: tuple[tuple[str, Callable[[], str]], ...] = (("second path", _tell),)
