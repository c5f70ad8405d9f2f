"""Refuses models that no migration makes."""

import os
import sys
import tempfile

import django
from django.core.management import call_command


def main() -> int:
    os.environ["WATCHKEEPER_DATA"] = tempfile.mkdtemp()
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchkeeper.config.settings"
    django.setup()
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except SystemExit:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
