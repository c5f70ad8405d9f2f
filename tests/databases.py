"""A private PostgreSQL for tests: one cluster a test session, started when first asked for.

Debian puts the server's programs in /usr/lib/postgresql/*/bin. The server refuses root, so as root
it runs as the user postgres. It is stopped at exit by the process that started it.
"""

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

USER = "postgres"


def programs() -> Path | None:
    """Return the folder of the newest server's programs; ``None`` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@functools.cache
def server_url() -> str:
    """Start the cluster and return its address, without a database's name."""
    binaries = programs()
    if binaries is None:
        if os.environ.get("CI"):
            raise RuntimeError("PostgreSQL's server programs are missing")
        pytest.skip("this machine has no PostgreSQL server programs", allow_module_level=True)
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-postgresql-"))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(data, USER)
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    port = free_port()
    subprocess.run(
        [*as_user, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", USER,
         "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    server = subprocess.Popen(
        [*as_user, str(binaries / "postgres"), "-D", str(data), "-p", str(port),
         "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}",
         "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    atexit.register(_stop, server, folder, os.getpid())
    for _ in range(100):
        ready = subprocess.run(
            [str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"], check=False
        )
        if ready.returncode == 0 and server.poll() is None:
            return f"postgresql://{USER}@127.0.0.1:{port}"
        try:
            server.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError("the private PostgreSQL did not start")


def _stop(server: "subprocess.Popen[bytes]", folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def postgresql_url() -> str:
    """Return the address of the database that pytest-django makes its test databases beside."""
    return f"{server_url()}/watchkeeper"


def new_database(name: str) -> str:
    """Make an empty database of its own and return its address."""
    import psycopg

    with psycopg.connect(f"{server_url()}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # a name of our own
    return f"{server_url()}/{name}"
