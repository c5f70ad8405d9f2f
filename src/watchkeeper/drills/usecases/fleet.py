"""The product as processes of its own, on a folder of its own, to be killed."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import egress

START_SECONDS = 60.0
_COMMAND_SECONDS = 120.0
_LIMITS = ("WATCHKEEPER_TOKEN_RATE_LIMIT", "WATCHKEEPER_ADDRESS_RATE_LIMIT")


@dataclass
class Fleet:
    """One process on SQLite; one for the web and some engines on PostgreSQL.

    Attributes:
        data: Folder for its database, key and logs.
        port: Where its web listens, on loopback.
        database_url: An empty PostgreSQL database; ``None``: SQLite in the folder.
        engines: How many engines, on PostgreSQL.
        bundle_seconds: How long what follows a call of somebody is gathered.
    """

    data: Path
    port: int
    database_url: str | None = None
    engines: int = 1
    bundle_seconds: int = 2
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Address of the web."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def _commands(self) -> dict[str, list[str]]:
        port = ["--port", str(self.port)]
        if self.database_url is None:
            return {"up": ["up", *port]}
        engines = {f"engine-{place}": ["engine"] for place in range(self.engines)}
        return {"web": ["web", *port]} | engines

    def run(self, *words: str, stdin: str | None = None) -> str:
        """Run one command on the folder and return what it printed.

        Raises:
            InvalidError: it failed; the sentence tells what it said.
        """
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-m", "watchkeeper", *words],
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()[-2000:]
            raise InvalidError(f"The drill cannot go on: watchkeeper {words[0]} said: {said}")
        return done.stdout

    def json(self, *words: str) -> Any:
        """Run one command and return the JSON that it printed."""
        return json.loads(self.run(*words, "--json"))

    def rows(self, word: str) -> Iterator[dict[str, Any]]:
        """Run one command and yield the object of each line it prints: there may be millions."""
        place = self.data.parent / f"{word}.jsonl"
        with place.open("wb") as file:
            subprocess.run(  # noqa: S603  our own program
                [sys.executable, "-m", "watchkeeper", word],
                env=self._environment(),
                stdout=file,
                check=True,
            )
        with place.open("rb") as file:
            for line in file:
                yield json.loads(line)

    def start(self) -> None:
        """Start every process that does not run, and wait until the web answers.

        Raises:
            InvalidError: a process ended, or the web does not answer.
        """
        for name, words in self._commands.items():
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.processes[name] = self._spawn(name, words)
        self._wait()

    def kill(self, dice: random.Random) -> str:
        """End one process as a power cut would and return its name."""
        name = dice.choice(sorted(self.processes))
        process = self.processes[name]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return name

    def stop(self) -> None:
        """End every process."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("WATCHKEEPER_")}
        kept["WATCHKEEPER_DATA"] = str(self.data)
        kept |= dict.fromkeys(_LIMITS, "10000000")
        kept["WATCHKEEPER_INTEGRATION_EVENTS_A_MINUTE"] = "0"  # a drill is meant to be a flood
        kept["WATCHKEEPER_PAGE_BUNDLE_SECONDS"] = str(self.bundle_seconds)
        if self.database_url is not None:
            kept["WATCHKEEPER_DATABASE_URL"] = self.database_url
        return kept

    def _spawn(self, name: str, words: list[str]) -> "subprocess.Popen[bytes]":
        with (self.data.parent / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-m", "watchkeeper", *words],
                env=self._environment(),
                stdout=log,
                stderr=log,
            )

    def _wait(self) -> None:
        end = clock.monotonic() + START_SECONDS
        pause = threading.Event()
        while clock.monotonic() < end:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise InvalidError(f"{name} ended by itself; see {name}.log")
            try:
                if egress.request(
                    "GET", f"{self.url}/healthz", trust=egress.Trust.ADMIN, timeout_seconds=2
                ).status:
                    return
            except DependencyError:
                pause.wait(0.05)
        raise InvalidError(f"The web did not answer within {START_SECONDS:.0f} s")
