"""A private PostgreSQL for tests: one cluster a test session, started when first asked for.

Debian puts the server's programs in /usr/lib/postgresql/*/bin. The server refuses root, so as root
it runs as the user postgres. It is stopped at exit by the process that started it.
"""

import atexit
import functools
import os
import shutil
import signal
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


class Cluster:
    """A PostgreSQL server of our own, below ``folder``; it can be crashed and started again."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._binaries = binaries
        self._data = folder / "data"
        self._as_user: list[str] = []
        self._server: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self._data, USER)
            self._as_user = [
                "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
            ]  # fmt: skip
        self._run(
            "initdb", "-D", str(self._data), "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip

    @property
    def url(self) -> str:
        """Address of the server, without a database's name."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._server = subprocess.Popen(
            [*self._as_user, str(self._binaries / "postgres"), "-D", str(self._data),
             "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
             "-c", f"unix_socket_directories={self._data}", "-c", "max_connections=200"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        ready = [str(self._binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        for _ in range(100):
            if subprocess.run(ready, check=False).returncode == 0 and self._server.poll() is None:
                return
            try:
                self._server.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError("the private PostgreSQL did not start")

    def crash(self) -> None:
        """End the server at once, as a crash does; it recovers at the next start."""
        self._signal(signal.SIGQUIT)

    def freeze(self) -> None:
        """Stop every process of the server where it stands, its sockets open."""
        for process in self.processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process go on, the first last, so that none is seen as hung."""
        for process in reversed(self.processes()):
            os.kill(process, signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        """Whether the first process lives; it ends where the server cannot recover."""
        return self._server is not None and self._server.poll() is None

    def processes(self) -> list[int]:
        """Return the ids of all processes of the server, the first one first."""
        assert self._server is not None
        first = self._server.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def stop(self) -> None:
        """End the server, its clients' connections with it."""
        self._signal(signal.SIGINT)

    def _signal(self, number: int) -> None:
        if self._server is not None:
            self._server.send_signal(number)
            self._server.wait(timeout=30)

    def _run(self, program: str, *words: str) -> None:
        command = [*self._as_user, str(self._binaries / program), *words]
        subprocess.run(command, check=True, capture_output=True)


def new_cluster(folder: Path | None = None) -> tuple[Cluster, Path]:
    """Make a cluster in a folder of its own; skips where PostgreSQL is not installed.

    Args:
        folder: An empty one; ``None``: a new one, which the caller removes.
    """
    binaries = programs()
    if binaries is None:
        if os.environ.get("CI"):
            raise RuntimeError("PostgreSQL's server programs are missing")
        pytest.skip("this machine has no PostgreSQL server programs", allow_module_level=True)
    folder = folder or Path(tempfile.mkdtemp(prefix="watchkeeper-postgresql-"))
    return Cluster(folder, binaries), folder


@functools.cache
def server_url() -> str:
    """Start the cluster of this test session and return its address."""
    cluster, folder = new_cluster()
    owner = os.getpid()

    def end() -> None:
        if os.getpid() == owner:
            cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    cluster.start()
    return cluster.url


def postgresql_url() -> str:
    """Return the address of the database that pytest-django makes its test databases beside."""
    return f"{server_url()}/watchkeeper"


def new_database(name: str) -> str:
    """Make an empty database of its own and return its address."""
    import psycopg

    with psycopg.connect(f"{server_url()}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # a name of our own
    return f"{server_url()}/{name}"
