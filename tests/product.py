"""The whole product as a process of its own, started and ended by tests."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.databases import free_port

START_SECONDS = 60


@dataclass
class Product:
    """``watchkeeper up`` on a data folder of its own."""

    data: Path
    database_url: str | None = None
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "DJANGO"))
        }
        kept["WATCHKEEPER_DATA"] = str(self.data)
        kept["WATCHKEEPER_PAGE_BUNDLE_SECONDS"] = "0"  # one call for each page
        kept["WATCHKEEPER_TOKEN_RATE_LIMIT"] = kept["WATCHKEEPER_ADDRESS_RATE_LIMIT"] = "1000000"
        if self.database_url is not None:
            kept["WATCHKEEPER_DATABASE_URL"] = self.database_url
        return kept

    def run(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run one command on the data folder."""
        return subprocess.run(
            [sys.executable, "-m", "watchkeeper", *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=check,
            timeout=120,
        )

    def json(self, *words: str) -> Any:
        """Run one command that answers JSON."""
        return json.loads(self.run(*words, "--json").stdout)

    def command(self, *words: str) -> list[str]:
        """Return how a command of the product is run."""
        return [sys.executable, "-m", "watchkeeper", *words]

    def start(self, *options: str, what: str = "up") -> None:
        log = (self.data.parent / f"{self.data.name}.log").open("ab")
        self.process = subprocess.Popen(
            self.command(what, "--port", str(self.port), *options),
            env=self.environment(),
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the product ended: {self.log()[-2000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the product did not start: {self.log()[-2000:]}")

    def log(self) -> str:
        return (self.data.parent / f"{self.data.name}.log").read_text()

    def kill(self) -> None:
        """End it as a power cut would, without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
        self.process = None

    def request(
        self, method: str, path: str, *, token: str = "", body: object = None
    ) -> tuple[int, Any]:
        """Return the status and the JSON of one request; 0 where there was no answer.

        A kill may cut an answer off after its status: that promised already what it did.
        """
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                try:
                    text = answer.read()
                except http.client.IncompleteRead:
                    return answer.status, None
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")
        except OSError:
            return 0, None
