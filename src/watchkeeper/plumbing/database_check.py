"""Refuses to run on a database that cannot keep the promises."""

import os
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import secret_box
from watchkeeper.plumbing.keys import Keyring
from watchkeeper.plumbing.models import Fixed

SQLITE_OLDEST = (3, 35, 0)
POSTGRESQL_OLDEST = 130_000
_FULL = 2
_SHORTEST_WAIT_MS = 1_000
_NETWORK_FILE_SYSTEMS = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "smb3", "smbfs", "vboxsf",
}  # fmt: skip
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
    except (DatabaseError, InterfaceError) as error:
        reason = " ".join(str(_direct_failure() or error).split())
        raise InvalidError(f"The database {_name()} cannot be used: {reason}") from error


def _direct_failure() -> Exception | None:
    """Return why PostgreSQL refuses a connection; the pool only tells that it has none."""
    if connection.vendor != "postgresql":
        return None
    database: Any = connection.Database  # type: ignore[attr-defined]
    try:
        database.connect(**connection.get_connection_params()).close()
    except database.Error as error:
        return error if isinstance(error, Exception) else None
    return None


def _check_sqlite() -> None:
    path = Path(str(connection.settings_dict["NAME"]))
    _check_file(path)
    if connection.Database.sqlite_version_info < SQLITE_OLDEST:  # type: ignore[attr-defined]
        raise InvalidError("This Python brings a SQLite older than 3.35; use a newer Python")
    mode = str(_ask("PRAGMA journal_mode")).lower()
    if mode != "wal":
        raise InvalidError(f"SQLite's journal_mode is {mode}, not wal, on {path}")
    if _ask("PRAGMA synchronous") != _FULL:
        raise InvalidError("SQLite's synchronous is not FULL; a power cut could lose data")
    if _ask("PRAGMA foreign_keys") != 1:
        raise InvalidError("SQLite's foreign_keys is off; rows could point nowhere")
    if int(str(_ask("PRAGMA busy_timeout"))) < _SHORTEST_WAIT_MS:
        raise InvalidError("SQLite's busy_timeout is under a second; writers would not queue")
    if getattr(connection, "transaction_mode", None) != "IMMEDIATE":
        raise InvalidError(
            "SQLite's transaction_mode is not IMMEDIATE; writers would fail instead of queueing"
        )


def _check_file(path: Path) -> None:
    kind = file_system_of(path.parent)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise InvalidError(
            f"{path} is on a network file system ({kind}), where SQLite loses data; "
            "use a local disk, or PostgreSQL"
        )
    if not path.parent.is_dir():
        raise InvalidError(f"The folder {path.parent} of the database does not exist")
    if not os.access(path.parent, os.W_OK):
        raise InvalidError(f"The folder {path.parent} is read-only; SQLite writes beside its file")
    if path.exists() and not os.access(path, os.W_OK):
        raise InvalidError(f"The database {path} is read-only")


def _check_postgresql() -> None:
    if int(str(_ask("SHOW server_version_num"))) < POSTGRESQL_OLDEST:
        raise InvalidError("PostgreSQL is older than 13; upgrade it first")
    commit = str(_ask("SHOW synchronous_commit"))
    if commit == "off" or (commit == "local" and _ask("SHOW synchronous_standby_names")):
        raise InvalidError(
            f"PostgreSQL's synchronous_commit is {commit}; set it to on, or what was answered "
            "2xx could be lost"
        )
    for setting in ("fsync", "full_page_writes"):
        if _ask(f"SHOW {setting}") != "on":
            raise InvalidError(
                f"PostgreSQL's {setting} is off; set it to on, or a power cut could lose all"
            )
    encoding = str(_ask("SHOW server_encoding"))
    if encoding != "UTF8":
        raise InvalidError(f"The database's encoding is {encoding}; make it with encoding UTF8")
    if _ask("SELECT pg_is_in_recovery()"):
        raise InvalidError(f"{_name()} is a standby that takes no writes; name the primary")


def _check_schema() -> None:
    loader = MigrationLoader(connection)
    own = {app.rpartition(".")[2] for app in settings.INSTALLED_APPS}
    replaced = {key for made in loader.disk_migrations.values() for key in made.replaces}
    known = set(loader.disk_migrations) | replaced
    unknown = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in own and (app, name) not in known
    )
    if unknown:
        raise InvalidError(
            f"The database was upgraded by a newer Watchkeeper ({unknown[0]}); upgrade this node"
        )


def _check_key() -> None:
    """Refuse a key file that is not the one this database was made with."""
    if Fixed._meta.db_table not in connection.introspection.table_names():
        return
    ring = Keyring.load(Path(settings.WATCHKEEPER_KEY_FILE))
    fingerprint = ring.fingerprint()
    row, _ = Fixed.objects.get_or_create(name=_FINGERPRINT, defaults={"value": fingerprint})
    if row.value != fingerprint:
        raise InvalidError(
            f"The key file {settings.WATCHKEEPER_KEY_FILE} is not the one that this database was "
            "made with; put the old one back, or name it in WATCHKEEPER_SECRET_KEY_FILE"
        )

    sealed = Fixed.objects.filter(name=secret_box.SEALED_WITH).first()
    if sealed is not None and ring.opening(sealed.value) is None:
        raise InvalidError(
            f"The key file {settings.WATCHKEEPER_KEY_FILE} lacks the key that secrets are sealed "
            "with since the last change of keys; put the newest key file back"
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


def file_system_of(folder: Path, *, mounts: str | None = None) -> str:
    """Return the kind of file system that holds ``folder``; empty where nobody tells.

    Args:
        folder: Any place; links are followed.
        mounts: What is mounted where, as ``/proc/mounts`` says it; ``None`` asks there.
    """
    if mounts is None:
        table = Path("/proc/mounts")
        mounts = table.read_text() if table.exists() else ""
    best, kind = "", ""
    place = str(folder.resolve())
    for line in mounts.splitlines():
        _, where, what, *_ = line.split(" ")
        where = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), where)
        inside = place == where or place.startswith(where.rstrip("/") + "/")
        if inside and len(where) >= len(best):
            best, kind = where, what
    return kind
