#!/bin/sh
# Runs every test: the whole suite on SQLite, then what touches a database again on PostgreSQL.
# Usage: tests/run.sh WORKERS
set -eu
workers=${1:-2}
python=.venv/bin/python

echo "== SQLite"
"$python" -m pytest -n "$workers" --dist loadfile --durations=20 --durations-min=5 tests

if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || [ -n "${CI:-}" ]; then
    echo "== PostgreSQL"
    WATCHKEEPER_TEST_DATABASE=postgresql "$python" -m pytest -n "$workers" --dist loadfile --durations=20 --durations-min=5 -m database tests
else
    echo "== PostgreSQL: skipped, this machine has no PostgreSQL server programs"
fi
