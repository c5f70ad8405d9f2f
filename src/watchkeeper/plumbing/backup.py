"""Backups: a copy of the database made while it runs, verified, with a manifest; never the key."""

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from watchkeeper import __version__
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing.keys import Keyring

MANIFEST = "manifest.json"
_FILES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
_POSTGRESQL_TOOLS = Path("/usr/lib/postgresql")
_FROM_OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}


def make(folder: Path, *, now: dt.datetime) -> Path:
    """Write a backup below ``folder`` and return its place.

    The copy is whole in itself and is read back before the backup counts: its manifest is
    written last. The manifest tells the key by its fingerprint; the key itself is kept apart.

    Raises:
        InvalidError: it could not be written or did not verify.
    """
    place = folder / f"watchkeeper-{now:%Y%m%dT%H%M%SZ}"
    try:
        place.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise InvalidError(f"The backup {place} cannot be made: {error.strerror}") from error
    file = place / _FILES[connection.vendor]
    try:
        counts = _copy_sqlite(file) if connection.vendor == "sqlite" else _dump(file)
        file.chmod(0o600)
        _sync(file)
        _verify(file)
        _write_durably(place / MANIFEST, _manifest_of(file, counts, now=now))
    except (OSError, sqlite3.Error, InvalidError) as error:
        shutil.rmtree(place, ignore_errors=True)
        raise InvalidError(f"The backup {place} cannot be written: {error}") from error
    return place


def restore(place: Path) -> None:
    """Bring the backup at ``place`` into this process's database, which must be empty.

    Raises:
        InvalidError: the backup is not whole, is for another kind of database, another key or a
            newer version, or the database holds something.
    """
    manifest = _manifest(place)
    file = place / _FILES[connection.vendor]
    _check_fits(place, manifest)
    if not file.exists() or _digest(file) != manifest["sha256"]:
        raise InvalidError(f"The backup {place} is not whole: its checksum does not fit")
    _verify(file)
    if connection.introspection.table_names():
        raise InvalidError("The database holds something already; restore into an empty one")
    if connection.vendor == "sqlite":
        _replace_sqlite(file)
    else:
        _run("pg_restore", "--no-owner", "--single-transaction", "--dbname", _database(), file)
    counts = _counts()
    if counts != manifest["rows"]:
        raise InvalidError(f"The backup {place} came back with other numbers of rows")


def _manifest_of(file: Path, counts: dict[str, int], *, now: dt.datetime) -> bytes:
    manifest = {
        "made_at": now.isoformat(),
        "version": __version__,
        "database": connection.vendor,
        "file": file.name,
        "bytes": file.stat().st_size,
        "sha256": _digest(file),
        "key_fingerprint": _fingerprint(),
        "migrations": sorted(
            f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
        ),
        "rows": counts,
    }
    return json.dumps(manifest, indent=2).encode() + b"\n"


def _manifest(place: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((place / MANIFEST).read_text())
        missing = {"database", "sha256", "key_fingerprint", "migrations", "rows"} - set(manifest)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidError(f"{place} is not a whole backup: no manifest can be read") from error
    if missing:
        raise InvalidError(f"{place} is not a whole backup: its manifest lacks {sorted(missing)}")
    return dict(manifest)


def _check_fits(place: Path, manifest: dict[str, Any]) -> None:
    """Refuse what this database, this key or this version could not work with."""
    kind = manifest["database"]
    if kind != connection.vendor:
        raise InvalidError(
            f"The backup {place} is of {kind}, this database is {connection.vendor}"
        )
    if manifest["key_fingerprint"] != _fingerprint():
        raise InvalidError(
            f"The backup {place} was made with another key ({manifest['key_fingerprint']}); put "
            f"that key file at {settings.WATCHKEEPER_KEY_FILE} first"
        )
    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    apps = {name.partition(".")[0] for name in known}
    unknown = [
        name
        for name in manifest["migrations"]
        if name not in known and name.partition(".")[0] in apps
    ]
    if unknown:
        raise InvalidError(
            f"The backup {place} is of a newer Watchkeeper ({manifest.get('version')}); "
            "restore it with that one"
        )


def _fingerprint() -> str:
    return Keyring.load(Path(settings.WATCHKEEPER_KEY_FILE)).fingerprint()


def _copy_sqlite(file: Path) -> dict[str, int]:
    """Copy in one step, which sees one state and hinders no writer; return the rows copied."""
    with (
        closing(sqlite3.connect(_database(), timeout=20)) as source,
        closing(sqlite3.connect(file)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        return {name: _count(copy.cursor(), name) for name in _tables()}


def _dump(file: Path) -> dict[str, int]:
    """Dump one snapshot and return the rows in it."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        counts = _counts()
        words = ("--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={file}")
        _run("pg_dump", *words)
    return counts


def _tables() -> list[str]:
    return sorted(connection.introspection.table_names())


def _counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        return {name: _count(cursor, name) for name in _tables()}


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  our own names
    return int(cursor.fetchone()[0])


def _replace_sqlite(file: Path) -> None:
    """Put the copy in place in one step: it is there whole, or not at all."""
    target = Path(_database())
    connection.close()
    for leftover in (Path(f"{target}-wal"), Path(f"{target}-shm")):
        leftover.unlink(missing_ok=True)
    draft = target.with_name(f"{target.name}.restoring")
    shutil.copyfile(file, draft)
    draft.chmod(0o600)
    _sync(draft)
    draft.replace(target)
    _sync(target.parent)


def _verify(file: Path) -> None:
    if connection.vendor == "postgresql":
        _run("pg_restore", "--list", file)
        return
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise InvalidError(f"The backup {file} cannot be read: {error}") from error
    if verdict != "ok":
        raise InvalidError(f"The backup {file} does not verify: {verdict}")


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs; where and who go by the environment, unseen by others."""
    parts = connection.settings_dict
    given = {
        "PGHOST": parts["HOST"],
        "PGPORT": parts["PORT"],
        "PGUSER": parts["USER"],
        "PGPASSWORD": parts["PASSWORD"],
        "PGDATABASE": parts["NAME"],
        "PGCONNECT_TIMEOUT": 10,
    }
    given |= {_FROM_OPTIONS[k]: v for k, v in parts["OPTIONS"].items() if k in _FROM_OPTIONS}
    done = subprocess.run(  # noqa: S603  a fixed program with our own words
        [_tool(program), *(str(argument) for argument in arguments)],
        env=os.environ | {name: str(value) for name, value in given.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InvalidError(f"{program} failed: {last}")


def _tool(name: str) -> str:
    """Return the newest of the program's versions: an older one refuses a newer server."""
    places = sorted(
        _POSTGRESQL_TOOLS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3])
    )
    found = str(places[-1]) if places else shutil.which(name)
    if found is None:
        raise InvalidError(f"{name} is needed for this and is not installed (postgresql-client)")
    return found


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Make sure that ``path``, a file or a folder, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_bytes(content)
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)
