"""``python -m watchkeeper`` and the ``watchkeeper`` command."""

from watchkeeper.cli.main import main

if __name__ == "__main__":
    main()
