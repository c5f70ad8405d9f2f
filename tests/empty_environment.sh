#!/bin/sh
# Proves the README's first command: in a copy of the tree without any environment, on a PATH of
# python3, make and coreutils alone, `make run` starts the product and answers on its address.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
pid=
finish() {
    [ -z "$pid" ] || kill -TERM "-$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

mkdir "$work/bin" "$work/tree"
for program in $(dpkg -L coreutils | grep -E '^(/usr)?/bin/[^/]+$') /usr/bin/make /bin/sh; do
    ln -sf "$program" "$work/bin/$(basename "$program")"
done
ln -sf "$(python3 -c 'import sys; print(sys.executable)')" "$work/bin/python3"
git -C "$source" archive HEAD | tar -x -C "$work/tree"

cd "$work/tree"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# A session of its own, so that its end reaches make and all that make started.
pid=$(python3 - "$work" "$port" <<'PY'
import subprocess, sys
work, port = sys.argv[1:]
with open(f"{work}/log", "wb") as log:
    print(subprocess.Popen(
        [f"{work}/bin/make", "run", f"ARGS=--port {port}"],
        env={"PATH": f"{work}/bin"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    ).pid)
PY
)
for _ in $(seq 300); do
    if grep -q 'Watchkeeper is ready' "$work/log"; then
        env -i PATH="$work/bin" python3 - "$port" <<'PY'
import sys, urllib.request
for path in ("healthz", "readyz"):
    with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/{path}", timeout=10) as answer:
        assert answer.status == 200, path
PY
        grep -q 'Sign in for the first time' "$work/log"
        echo "make run: ready in an empty environment"
        exit 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 1
done
cat "$work/log"
echo "make run: did not become ready"
exit 1
