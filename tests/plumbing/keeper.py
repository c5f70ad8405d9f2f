"""A process that checks, backs up or restores a database, and tells of its errors in a line.

Usage: python -m tests.plumbing.keeper migrate|check|backup|restore [FOLDER]
"""

import datetime as dt
import os
import sys
from pathlib import Path

import django

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.plumbing.bare_settings")
    django.setup()
    from django.core.management import call_command

    from watchkeeper.kernel.errors import InvalidError
    from watchkeeper.plumbing import backup, database_check

    what, *rest = sys.argv[1:]
    try:
        database_check.check()
        if what == "migrate":
            call_command("migrate", verbosity=0)
            database_check.check()
        elif what == "backup":
            sys.stdout.write(f"{backup.make(Path(rest[0]), now=NOON)}\n")
        elif what == "restore":
            backup.restore(Path(rest[0]))
    except InvalidError as error:
        sys.stdout.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
