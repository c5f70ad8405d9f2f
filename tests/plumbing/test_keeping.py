"""Databases that cannot keep their word are refused; backups come back whole or not at all."""

import json
import os
import secrets
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import connection, connections

from tests import databases
from tests.plumbing.worlds import ROOT, World
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import database_check
from watchkeeper.plumbing.keys import Keyring

PLACE = "watchkeeper-20260302T120000Z"


def run(world: World, *words: str, **environment: str) -> tuple[int, str]:
    """Run the keeper on ``world`` and return its exit code and its line."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.plumbing.keeper", *words],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "WATCHKEEPER_DATA": str(world.folder),
            "WATCHKEEPER_DATABASE_URL": world.url,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


def new_world(folder: Path, kind: str) -> World:
    folder.mkdir(parents=True)
    Keyring.load_or_make(folder / "secret.key")
    url = f"sqlite:///{folder / 'watchkeeper.db'}"
    if kind == "postgresql":
        url = databases.new_database(f"keeping_{secrets.token_hex(4)}")
    return World(folder, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    made = new_world(tmp_path / "one", request.param)
    assert run(made, "migrate") == (0, "")
    return made


@pytest.fixture
def empty(world: World, tmp_path: Path) -> World:
    """A database without tables, of the same kind and with the same key."""
    made = new_world(tmp_path / "two", world.url.partition(":")[0])
    (made.folder / "secret.key").write_bytes((world.folder / "secret.key").read_bytes())
    return made


def test_a_backup_comes_back_whole(world: World, empty: World, tmp_path: Path) -> None:
    world.put("a", "b", "c")

    assert run(world, "backup", str(tmp_path / "backups")) == (
        0,
        str(tmp_path / "backups" / PLACE),
    )
    assert run(empty, "restore", str(tmp_path / "backups" / PLACE)) == (0, "")

    assert empty.ask("SELECT key FROM plumbing_duework ORDER BY key") == [("a",), ("b",), ("c",)]
    assert run(empty, "check") == (0, "")
    empty.put("d")


def test_the_manifest_tells_what_is_in_it_and_holds_no_secret(
    world: World, tmp_path: Path
) -> None:
    world.put("a", "b")
    run(world, "backup", str(tmp_path / "backups"))
    place = tmp_path / "backups" / PLACE

    manifest = json.loads((place / "manifest.json").read_text())

    assert manifest["made_at"] == "2026-03-02T12:00:00+00:00"
    assert manifest["rows"]["plumbing_duework"] == 2
    assert "plumbing.0001_initial" in manifest["migrations"]
    key = Keyring.load(world.folder / "secret.key")
    assert manifest["key_fingerprint"] == key.fingerprint()
    whole = b"".join(path.read_bytes() for path in place.iterdir())
    assert key.root not in whole
    assert (world.folder / "secret.key").read_bytes().strip() not in whole
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in place.glob("database*")} == {0}
    assert len(list(place.iterdir())) == 2


def test_a_backup_made_while_others_write_is_one_state(
    world: World, empty: World, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            world.put(f"left-{number}", f"right-{number}")
            number += 1
            time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert run(world, "backup", str(tmp_path / "backups"))[0] == 0
    finally:
        stop.set()
        writer.join()
    assert run(empty, "restore", str(tmp_path / "backups" / PLACE)) == (0, "")

    keys = {row[0] for row in empty.ask("SELECT key FROM plumbing_duework")}
    assert keys
    assert {key.replace("left", "right") for key in keys} == {
        key for key in keys if key.startswith("right")
    }


def test_what_is_not_whole_is_not_restored(world: World, empty: World, tmp_path: Path) -> None:
    run(world, "backup", str(tmp_path / "backups"))
    place = tmp_path / "backups" / PLACE
    [file] = place.glob("database*")
    content = file.read_bytes()
    manifest = (place / "manifest.json").read_text()

    def refused(words: str) -> None:
        code, line = run(empty, "restore", str(place))
        assert code == 2
        assert words in line
        assert empty.ask(_TABLES[connection_kind(empty)]) == []

    file.write_bytes(content[: len(content) // 2])
    refused("checksum does not fit")
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refused("checksum does not fit")
    file.unlink()
    refused("checksum does not fit")
    file.write_bytes(content)
    (place / "manifest.json").write_text(manifest[:40])
    refused("no manifest can be read")
    (place / "manifest.json").write_text("{}")
    refused("its manifest lacks")
    (place / "manifest.json").unlink()
    refused("no manifest can be read")


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def connection_kind(world: World) -> str:
    return world.url.partition(":")[0]


def test_a_backup_does_not_come_back_under_another_key(
    world: World, empty: World, tmp_path: Path
) -> None:
    run(world, "backup", str(tmp_path / "backups"))
    (empty.folder / "secret.key").unlink()
    Keyring.load_or_make(empty.folder / "secret.key")

    code, line = run(empty, "restore", str(tmp_path / "backups" / PLACE))

    assert code == 2
    assert "was made with another key" in line
    assert "put that key file at" in line


def test_a_backup_of_a_newer_version_is_refused(
    world: World, empty: World, tmp_path: Path
) -> None:
    world.ask(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('plumbing', '9999_future', '2026-01-01 00:00:00')"
    )
    run(world, "migrate")
    place = tmp_path / "backups" / PLACE
    code, line = run(world, "backup", str(tmp_path / "backups"))
    assert (code, "newer Watchkeeper" in line) == (2, True)

    world.ask("DELETE FROM django_migrations WHERE name = '9999_future'")
    run(world, "backup", str(tmp_path / "backups"))
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["migrations"].append("plumbing.9999_future")
    (place / "manifest.json").write_text(json.dumps(manifest))

    code, line = run(empty, "restore", str(place))

    assert code == 2
    assert "is of a newer Watchkeeper" in line


def test_a_backup_is_restored_into_an_empty_database_only(world: World, tmp_path: Path) -> None:
    run(world, "backup", str(tmp_path / "backups"))

    code, line = run(world, "restore", str(tmp_path / "backups" / PLACE))

    assert code == 2
    assert "holds something already" in line


def test_a_backup_of_another_kind_is_refused(world: World, empty: World, tmp_path: Path) -> None:
    run(world, "backup", str(tmp_path / "backups"))
    place = tmp_path / "backups" / PLACE
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps(manifest | {"database": "oracle"}))

    code, line = run(empty, "restore", str(place))

    assert (code, "is of oracle" in line) == (2, True)


def test_a_backup_that_cannot_be_written_leaves_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(world, "backup", str(tmp_path / "file"))[0] == 2

    (tmp_path / "backups" / PLACE).mkdir(parents=True)
    code, line = run(world, "backup", str(tmp_path / "backups"))

    assert (code, "cannot be made" in line) == (2, True)


def test_another_key_than_the_databases_is_refused(world: World) -> None:
    (world.folder / "secret.key").unlink()
    Keyring.load_or_make(world.folder / "secret.key")

    code, line = run(world, "check")

    assert code == 2
    assert "is not the one that this database was made with" in line


def test_a_schema_of_a_newer_version_is_refused(world: World) -> None:
    world.ask(
        "INSERT INTO django_migrations (app, name, applied)"
        " VALUES ('plumbing', '9999_future', '2026-01-01 00:00:00')"
    )

    code, line = run(world, "check")

    assert code == 2
    assert "plumbing.9999_future" in line


SQLITE_FAULTS = {
    "journal_mode=DELETE": "journal_mode is delete",
    "synchronous=NORMAL": "synchronous is not FULL",
    "synchronous=OFF": "synchronous is not FULL",
    "foreign_keys=OFF": "foreign_keys is off",
    "busy_timeout=10": "busy_timeout",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pragma", SQLITE_FAULTS)
def test_sqlite_settings_that_lose_or_block_are_refused(pragma: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA {pragma}")
        with pytest.raises(InvalidError, match=SQLITE_FAULTS[pragma]):
            database_check.check()
    finally:
        connection.close()
    database_check.check()


@pytest.mark.django_db(transaction=True)
def test_sqlite_without_immediate_transactions_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("of SQLite")
    connection.ensure_connection()
    monkeypatch.setattr(connections["default"], "transaction_mode", None)

    with pytest.raises(InvalidError, match="not IMMEDIATE"):
        database_check.check()


def sqlite_world(tmp_path: Path) -> World:
    return new_world(tmp_path / "one", "sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    world = sqlite_world(tmp_path)
    (world.folder / "watchkeeper.db").write_text("this is no database" * 1000)

    code, line = run(world, "check")

    assert (code, "file is not a database" in line) == (2, True)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    world = sqlite_world(tmp_path)
    world.url = f"sqlite:///{tmp_path / 'nowhere' / 'watchkeeper.db'}"

    code, line = run(world, "check")

    assert (code, "does not exist" in line) == (2, True)


def test_a_read_only_folder_or_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "watchkeeper.db"
    path.touch()
    locked = {path}
    monkeypatch.setattr(os, "access", lambda place, mode: place not in locked)

    with pytest.raises(InvalidError, match=r"database .* is read-only"):
        database_check._check_file(path)
    locked.add(tmp_path)
    with pytest.raises(InvalidError, match=r"folder .* is read-only"):
        database_check._check_file(path)


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /srv/watch\\040keeper nfs4 rw 0 0
tmpfs /srv/watch\\040keeper/fast tmpfs rw 0 0
share /mnt/share cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/srv", "ext4"),
        ("/srv/watch keeper", "nfs4"),
        ("/srv/watch keeper/data", "nfs4"),
        ("/srv/watch keeper/fast/data", "tmpfs"),
        ("/srv/watch keepers", "ext4"),
        ("/mnt/share/a", "cifs"),
    ],
)
def test_the_nearest_mount_says_what_a_folder_is_on(folder: str, kind: str) -> None:
    assert database_check.file_system_of(Path(folder), mounts=MOUNTS) == kind


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_check, "file_system_of", lambda folder: "nfs4")

    with pytest.raises(InvalidError, match=r"network file system \(nfs4\)"):
        database_check._check_file(tmp_path / "watchkeeper.db")


@pytest.fixture
def server(tmp_path: Path) -> World:
    made = new_world(tmp_path / "one", "postgresql")
    assert run(made, "migrate") == (0, "")
    return made


def test_postgresql_that_forgets_commits_is_refused(server: World) -> None:
    database = server.url.rpartition("/")[2]
    server.ask(f'ALTER DATABASE "{database}" SET synchronous_commit = off')

    code, line = run(server, "check")

    assert (code, "synchronous_commit is off" in line) == (2, True)


def test_postgresql_in_another_encoding_is_refused(server: World) -> None:
    name = f"latin_{secrets.token_hex(4)}"
    with psycopg.connect(f"{databases.server_url()}/postgres", autocommit=True) as there:
        there.execute(
            f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
            " TEMPLATE template0".encode()
        )
    server.url = f"{databases.server_url()}/{name}"

    code, line = run(server, "check")

    assert (code, "encoding is LATIN1" in line) == (2, True)


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_postgresql_that_does_not_sync_is_refused(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {
        "SHOW server_version_num": "150000", "SHOW synchronous_commit": "on", "SHOW fsync": "on",
        "SHOW full_page_writes": "on", "SHOW server_encoding": "UTF8",
    }  # fmt: skip
    answers[f"SHOW {setting}"] = "off"
    monkeypatch.setattr(database_check, "_ask", answers.get)

    with pytest.raises(InvalidError, match=f"{setting} is off"):
        database_check._check_postgresql()


def test_a_server_that_is_away_is_told_with_the_reason_and_without_the_password(
    server: World,
) -> None:
    port = databases.free_port()
    server.url = f"postgresql://watch:hunter22@127.0.0.1:{port}/watch"

    code, line = run(server, "check")

    assert code == 2
    assert f"127.0.0.1:{port}/watch cannot be used" in line
    assert "refused" in line
    assert "hunter22" not in line
    assert "\n" not in line


def test_a_half_written_copy_verifies_never(tmp_path: Path) -> None:
    from watchkeeper.plumbing import backup

    path = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE a (b)")
        made.executemany("INSERT INTO a VALUES (?)", [("x" * 500,)] * 500)
        made.commit()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    if connection.vendor == "sqlite":
        with pytest.raises(InvalidError):
            backup._verify(path)
