"""Refuses to run on a database that cannot keep the promises."""

import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing.keys import Keyring
from watchkeeper.plumbing.models import Fixed

SQLITE_OLDEST = (3, 35, 0)
POSTGRESQL_OLDEST = 130_000
_FULL = 2
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs"}
_FINGERPRINT = "key fingerprint"


def check() -> None:
    """Return if the database can be trusted with what is accepted.

    Raises:
        InvalidError: it cannot be opened, or a setting of it would lose or block what is stored;
            the sentence names the setting and the value it needs.
    """
    try:
        if connection.vendor == "sqlite":
            _check_sqlite()
        else:
            _check_postgresql()
        _check_schema()
        _check_key()
    except DatabaseError as error:
        raise InvalidError(f"The database {_name()} cannot be used: {error}") from error


def _check_sqlite() -> None:
    path = Path(str(connection.settings_dict["NAME"]))
    kind = file_system_of(path.parent)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise InvalidError(
            f"{path} is on a network file system ({kind}), where SQLite loses data; "
            "use a local disk, or PostgreSQL"
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise InvalidError(f"The database {path} is read-only")
    if connection.Database.sqlite_version_info < SQLITE_OLDEST:  # type: ignore[attr-defined]
        raise InvalidError("This Python brings a SQLite older than 3.35; use a newer Python")
    mode = str(_ask("PRAGMA journal_mode")).lower()
    if mode != "wal":
        raise InvalidError(f"SQLite's journal_mode is {mode}, not wal, on {path}")
    if _ask("PRAGMA synchronous") != _FULL:
        raise InvalidError("SQLite's synchronous is not FULL; a power cut could lose data")


def _check_postgresql() -> None:
    if int(str(_ask("SHOW server_version_num"))) < POSTGRESQL_OLDEST:
        raise InvalidError("PostgreSQL is older than 13; upgrade it first")
    commit = str(_ask("SHOW synchronous_commit"))
    if commit in {"off", "local"} and not (commit == "local" and not _has_standby()):
        raise InvalidError(
            f"PostgreSQL's synchronous_commit is {commit}; set it to on, or what was answered "
            "2xx could be lost"
        )
    encoding = str(_ask("SHOW server_encoding"))
    if encoding != "UTF8":
        raise InvalidError(f"The database's encoding is {encoding}; make it with encoding UTF8")


def _has_standby() -> bool:
    return bool(_ask("SHOW synchronous_standby_names"))


def _check_schema() -> None:
    loader = MigrationLoader(connection)
    own = {app.rpartition(".")[2] for app in settings.INSTALLED_APPS}
    unknown = [
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in own and (app, name) not in loader.disk_migrations
        and (app, name) not in {key for m in loader.disk_migrations.values() for key in m.replaces}
    ]  # fmt: skip
    if unknown:
        raise InvalidError(
            f"The database was upgraded by a newer Watchkeeper ({unknown[0]}); upgrade this node"
        )


def _check_key() -> None:
    """Refuse a key file that is not the one this database was made with."""
    if Fixed._meta.db_table not in connection.introspection.table_names():
        return
    fingerprint = Keyring.load(Path(settings.WATCHKEEPER_KEY_FILE)).fingerprint()
    row, _ = Fixed.objects.get_or_create(name=_FINGERPRINT, defaults={"value": fingerprint})
    if row.value != fingerprint:
        raise InvalidError(
            f"The key file {settings.WATCHKEEPER_KEY_FILE} is not the one that this database was "
            "made with; put the old one back, or name it in WATCHKEEPER_SECRET_KEY_FILE"
        )


def _ask(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None


def _name() -> str:
    """Return the database's name without user and password."""
    parts = connection.settings_dict
    host = f"{parts['HOST']}:{parts['PORT']}/" if parts.get("HOST") else ""
    return f"{host}{parts['NAME']}"


def file_system_of(folder: Path) -> str:
    """Return the kind of file system that holds ``folder``; empty where nobody tells."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    best, kind = "", ""
    place = str(folder.absolute())
    for line in mounts.read_text().splitlines():
        _, where, what, *_ = line.split(" ")
        inside = place == where or place.startswith(where.rstrip("/") + "/")
        if inside and len(where) >= len(best):
            best, kind = where, what
    return kind
