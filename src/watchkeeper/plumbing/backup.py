"""Backups: a copy of the database made while it runs, verified, with a manifest; never the key."""

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from watchkeeper import __version__
from watchkeeper.kernel.errors import InvalidError

MANIFEST = "manifest.json"
_SQLITE_FILE = "database.sqlite3"
_POSTGRESQL_FILE = "database.pgdump"
_POSTGRESQL_TOOLS = "/usr/lib/postgresql"


def make(folder: Path, *, now: dt.datetime) -> Path:
    """Write a backup below ``folder`` and return its place.

    The copy is whole in itself and is read back before the backup counts: its manifest is
    written last.

    Raises:
        InvalidError: it could not be written or did not verify.
    """
    place = folder / f"watchkeeper-{now:%Y%m%dT%H%M%SZ}"
    try:
        place.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise InvalidError(f"The backup {place} cannot be made: {error.strerror}") from error
    file = place / (_SQLITE_FILE if connection.vendor == "sqlite" else _POSTGRESQL_FILE)
    if connection.vendor == "sqlite":
        _copy_sqlite(file)
    else:
        _run(_tool("pg_dump"), "--format=custom", "--no-owner", f"--file={file}", _address())
    _verify(file)
    manifest = {
        "made_at": now.isoformat(),
        "version": __version__,
        "database": connection.vendor,
        "file": file.name,
        "bytes": file.stat().st_size,
        "sha256": _digest(file),
        "migrations": sorted(
            f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
        ),
    }
    _write_durably(place / MANIFEST, json.dumps(manifest, indent=2).encode() + b"\n")
    return place


def restore(place: Path) -> None:
    """Bring the backup at ``place`` into this process's database, which must be empty.

    Raises:
        InvalidError: the backup is not whole, is for another kind of database, or the database
            holds something.
    """
    manifest = _manifest(place)
    if manifest["database"] != connection.vendor:
        kind = manifest["database"]
        raise InvalidError(
            f"The backup {place} is of {kind}, this database is {connection.vendor}"
        )
    file = place / str(manifest["file"])
    if not file.exists() or _digest(file) != manifest["sha256"]:
        raise InvalidError(f"The backup {place} is not whole: its checksum does not fit")
    _verify(file)
    if connection.introspection.table_names():
        raise InvalidError("The database holds something already; restore into an empty one")
    if connection.vendor == "sqlite":
        target = Path(str(connection.settings_dict["NAME"]))
        connection.close()
        for leftover in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
            leftover.unlink(missing_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o600)
    else:
        _run(_tool("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={_address()}", file)


def _manifest(place: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((place / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise InvalidError(f"{place} is not a whole backup: no manifest can be read") from error
    missing = {"database", "file", "sha256"} - set(manifest)
    if missing:
        raise InvalidError(f"{place} is not a whole backup: its manifest lacks {sorted(missing)}")
    return dict(manifest)


def _copy_sqlite(file: Path) -> None:
    connection.ensure_connection()
    with sqlite3.connect(file) as copy:
        connection.connection.backup(copy, pages=4096, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")
    copy.close()
    file.chmod(0o600)
    _sync(file)


def _verify(file: Path) -> None:
    if connection.vendor == "sqlite":
        try:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as copy:
                (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            copy.close()
        except sqlite3.DatabaseError as error:
            raise InvalidError(f"The backup {file} cannot be read: {error}") from error
        if verdict != "ok":
            raise InvalidError(f"The backup {file} does not verify: {verdict}")
    else:
        _run(_tool("pg_restore"), "--list", file)


def _address() -> str:
    parts = connection.settings_dict
    host = quote(str(parts["HOST"] or ""), safe="")
    return f"postgresql://{quote(str(parts['USER']), safe='')}@{host}:{parts['PORT']}/" + quote(
        str(parts["NAME"]), safe=""
    )


def _run(*arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment."""
    environment = dict(os.environ)
    if connection.settings_dict.get("PASSWORD"):
        environment["PGPASSWORD"] = str(connection.settings_dict["PASSWORD"])
    done = subprocess.run(  # noqa: S603  a fixed program with our own words
        [str(argument) for argument in arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InvalidError(f"{Path(str(arguments[0])).name} failed: {last}")


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        places = sorted(Path(_POSTGRESQL_TOOLS).glob(f"*/bin/{name}"))
        found = str(places[-1]) if places else None
    if found is None:
        raise InvalidError(f"{name} is needed for this and is not installed (postgresql-client)")
    return found


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
