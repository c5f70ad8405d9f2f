"""Makes a process ready: environment, key file, Django, schema."""

import os
from pathlib import Path

import django

from watchkeeper.cli.options import Shared
from watchkeeper.kernel.errors import InvalidError


def prepare_environment(shared: Shared) -> None:
    """Write the shared options where the settings read them."""
    if shared.data is not None:
        os.environ["WATCHKEEPER_DATA"] = str(shared.data)
    if shared.url is not None:
        os.environ["WATCHKEEPER_URL"] = shared.url
    if shared.token is not None:
        os.environ["WATCHKEEPER_TOKEN"] = shared.token
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchkeeper.config.settings")


def start_django() -> None:
    """Load settings and slices; touches neither disk nor database."""
    django.setup()


def make_key() -> None:
    """Make the data folder and the key file where they are missing.

    Before Django's settings are read: what sessions are signed with comes from the key.

    Raises:
        InvalidError: the folder or the key cannot be made.
    """
    from watchkeeper.plumbing.environment import Environment
    from watchkeeper.plumbing.keys import Keyring

    environment = Environment()
    make_folder(environment.data)
    Keyring.load_or_make(environment.key_file)


def open_data(*, migrate: bool = True) -> None:
    """Make the data folder and the key file, load Django, and bring the schema up to date.

    From then on the process goes by the database's clock.

    Args:
        migrate: Create or upgrade the schema where it is behind.

    Raises:
        InvalidError: the folder, the key or the database cannot be used; the sentence says why.
    """
    from watchkeeper.plumbing.environment import Environment

    environment = Environment()
    make_key()
    start_django()
    from watchkeeper.plumbing import logs

    logs.to_file(environment.data / "watchkeeper.log")
    from watchkeeper.cli import schema

    schema.check_database()
    from watchkeeper.plumbing import database_clock

    database_clock.follow()
    if migrate:
        schema.bring_up_to_date()


def make_folder(path: Path) -> None:
    """Make the data folder, readable by its owner only.

    Raises:
        InvalidError: it cannot be made or written.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidError(f"The data folder {path} cannot be made: {error.strerror}") from error
    if not os.access(path, os.W_OK):
        raise InvalidError(f"The data folder {path} cannot be written to")
