"""Many processes and threads write to one SQLite file (F13): none is told that it is locked."""

import os
import subprocess
import sys
from pathlib import Path

PROCESSES, THREADS, TIMES = 4, 4, 50
WRITER = f"""
import os, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "watchkeeper.config.settings"
import django
django.setup()
from django.db import connection, transaction
from watchkeeper.plumbing.models import DueWork

faults = []

def write():
    try:
        for _ in range({TIMES}):
            with transaction.atomic():  # reads, then writes what it read
                row = DueWork.objects.get(kind="test")
                row.attempts += 1
                row.save()
            DueWork.objects.filter(kind="test").update(owner="me")  # alone
    except Exception as error:
        faults.append(repr(error))
    finally:
        connection.close()

threads = [threading.Thread(target=write) for _ in range({THREADS})]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(faults)
"""


def run(folder: Path, *words: str) -> "subprocess.Popen[str]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "DJANGO"))}
    return subprocess.Popen(
        [sys.executable, *words],
        env=kept | {"WATCHKEEPER_DATA": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: "subprocess.Popen[str]") -> str:
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return told


def test_nobody_is_refused_and_no_write_is_lost(tmp_path: Path) -> None:
    answer(run(tmp_path, "-m", "watchkeeper", "migrate"))
    begin = WRITER.partition("faults = []")[0]
    row = 'DueWork.objects.create(kind="test", key="one", due_ms=0)'
    answer(run(tmp_path, "-c", f"{begin}\n{row}"))

    writers = [run(tmp_path, "-c", WRITER) for _ in range(PROCESSES)]
    assert [answer(each).strip() for each in writers] == ["[]"] * PROCESSES

    told = answer(run(tmp_path, "-c", f"{begin}\nprint(DueWork.objects.get().attempts)"))
    assert int(told) == PROCESSES * THREADS * TIMES
