"""A process that does due work, to be killed by tests.

Usage: python -m tests.plumbing.worker migrate|items|engine|loop LEDGER

Each piece of work is "called" (a line in the ledger, which stands for the page that left the
house), then marked and finished in one transaction. An item named ``poison`` kills the process.
"""

import datetime as dt
import os
import signal
import sys
import threading
import time
from functools import partial

import django

# Short, so that a takeover is quick to see; tests where nobody dies ask for a long one.
LEASE_MS = int(os.environ.get("WATCHKEEPER_TEST_LEASE_MS", "400"))
BATCH = 8


def items(ledger: int) -> None:
    """Do due items until the process is killed."""
    from django.db import OperationalError, connection

    while True:
        try:
            if not some_items(ledger):
                time.sleep(0.02)
        except OperationalError as error:  # the database was killed
            sys.stderr.write(f"{error}\n")
            connection.close()
            time.sleep(0.1)


def some_items(ledger: int) -> bool:
    """Do a batch of due items; false if none was due."""
    from django.db import transaction

    from watchkeeper.plumbing import due_work
    from watchkeeper.plumbing.models import Fixed

    owner = str(os.getpid())
    claims = due_work.claim(kind="item", owner=owner, limit=BATCH, lease_ms=LEASE_MS)
    for held in claims:
        if held.key == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        if not due_work.renew(held, lease_ms=LEASE_MS):
            continue
        os.write(ledger, f"{held.key} {held.fence} {owner}\n".encode())
        time.sleep(0.002)
        try:
            with transaction.atomic():
                due_work.confirm(held)
                Fixed.objects.create(name=held.key, value=str(held.fence))
                assert due_work.finish(held)
        except due_work.LeaseLostError:
            continue
    return bool(claims)


def loop(ledger: int) -> None:
    """Do due items in an engine's loop until SIGTERM."""
    from watchkeeper.plumbing.engine import Engine
    from watchkeeper.plumbing.jobs import Loop

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    looped = Loop("tests.items", lambda now: some_items(ledger), idle_seconds=0.05)
    Engine((), (looped,)).run(stop)


def engine(ledger: int) -> None:
    """Run three jobs until SIGTERM."""
    from django.db import connection, transaction

    from watchkeeper.plumbing import due_work, jobs
    from watchkeeper.plumbing.engine import Engine
    from watchkeeper.plumbing.models import Fixed

    def run(name: str, now: dt.datetime) -> None:
        os.write(ledger, f"{name} begin {os.getpid()} {due_work.database_ms()}\n".encode())
        time.sleep(0.05)
        with transaction.atomic():
            jobs.confirm_lease()
            Fixed.objects.create(name=f"{name} {due_work.database_ms()}", value="")
        os.write(ledger, f"{name} end {os.getpid()} {due_work.database_ms()}\n".encode())

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    names = ("one.job", "two.job", "three.job")
    Engine([jobs.Job(name, 0.2, partial(run, name)) for name in names]).run(stop)
    connection.close()


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.plumbing.bare_settings"
    django.setup()
    what, path = sys.argv[1:3]
    ledger = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if what == "migrate":
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    elif what == "items":
        items(ledger)
    elif what == "loop":
        loop(ledger)
    else:
        engine(ledger)


if __name__ == "__main__":
    main()
