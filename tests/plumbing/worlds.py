"""A database of one test's own, and the processes that work on it."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).parents[2]


@dataclass
class World:
    """One database, its ledger, and the processes that work on it."""

    folder: Path
    url: str
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    def start(self, what: str, **environment: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "errors").open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.plumbing.worker", what, str(self.ledger)],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
                    "WATCHKEEPER_DATA": str(self.folder),
                    "WATCHKEEPER_DATABASE_URL": self.url,
                    **environment,
                },
                stderr=errors,
            )
        self.processes.append(process)
        return process

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(path, timeout=20)) as connection:
                rows = connection.execute(sql).fetchall()
                connection.commit()
                return rows
        with psycopg.connect(self.url, autocommit=True) as server:
            cursor = server.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def can_write(self) -> bool:
        """Whether nobody holds the only writer's place that SQLite has."""
        if not self.url.startswith("sqlite"):
            return True
        path = self.url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, timeout=0.2)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    def put(self, *keys: str) -> None:
        rows = ", ".join(f"('item', '{key}', '{{}}', 1, 0, '', 0, 0, false, '')" for key in keys)
        self.ask(
            "INSERT INTO plumbing_duework (kind, key, payload, due_ms, lease_until_ms, owner,"
            f" fence, attempts, quarantined, last_error) VALUES {rows}"
        )

    def left(self) -> int:
        return int(
            self.ask(
                "SELECT count(*) FROM plumbing_duework WHERE kind = 'item' AND NOT quarantined"
            )[0][0]
        )

    def done(self) -> list[str]:
        return sorted(row[0] for row in self.ask("SELECT name FROM plumbing_fixed"))

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.ledger.read_text().splitlines()]

    def errors(self) -> str:
        return (self.folder / "errors").read_text()
