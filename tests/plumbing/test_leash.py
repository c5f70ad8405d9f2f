"""A process on a leash: what it may reach, read and run."""

import ipaddress
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import watchkeeper
from watchkeeper.plumbing.leash import Leash

MEMBER = Leash(internal=False, allowed=[ipaddress.ip_network("10.1.0.0/16")])
ADMIN = Leash(internal=True, allowed=[])


@pytest.mark.parametrize(
    ("target", "member", "admin"),
    [
        (("93.184.216.34", 443), True, True),
        (("2606:2800:220:1::1", 443, 0, 0), True, True),
        (("127.0.0.1", 80), False, True),
        (("10.1.2.3", 80), True, True),
        (("10.2.2.3", 80), False, True),
        (("::ffff:127.0.0.1", 80, 0, 0), False, True),
        (("64:ff9b::a9fe:a9fe", 80, 0, 0), False, False),
        (("169.254.169.254", 80), False, False),
        (("fe80::1%eth0", 80, 0, 2), False, False),
        (("93.184.216.34", 25), False, False),
        (("example.org", 80), False, False),
        (("127.1", 80), False, False),
        (("", 80), False, False),
        ("/run/bus.sock", False, False),
        (b"\0abstract", False, False),
    ],
)
@pytest.mark.parametrize("event", ["socket.connect", "socket.sendto", "socket.sendmsg"])
def test_addresses_are_judged_as_egress_judges_them(
    event: str, target: Any, member: bool, admin: bool
) -> None:
    assert (MEMBER.why_not(event, (None, target)) == "") is member
    assert (ADMIN.why_not(event, (None, target)) == "") is admin


def test_what_is_sent_on_a_connection_that_was_judged_may_go() -> None:
    assert MEMBER.why_not("socket.sendmsg", (None, None)) == ""


@pytest.mark.parametrize(
    ("path", "flags", "may"),
    [
        (json.__file__, os.O_RDONLY, True),
        (json.__file__, os.O_RDWR, False),
        (str(Path(json.__file__).parent / "new"), os.O_WRONLY | os.O_CREAT, False),
        ("/etc/passwd", os.O_RDONLY, False),
        (f"{Path(json.__file__).parent}/../../../../../../../etc/passwd", os.O_RDONLY, False),
        (b"/proc/self/environ", os.O_RDONLY, False),
        (3, os.O_RDONLY, True),
    ],
)
def test_code_may_be_read_and_nothing_else(path: Any, flags: int, may: bool) -> None:
    assert (ADMIN.why_not("open", (path, "r", flags)) == "") is may


TRIED = """
import ipaddress, os, socket, subprocess, sys
from watchkeeper.plumbing.leash import Leash

leash = Leash(internal=False, allowed=[])
leash.put_on()
port = int(sys.argv[1])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tries = [
    lambda: socket.create_connection(("localhost", port)),
    lambda: socket.socket().connect(("127.0.0.1", port)),
    lambda: socket.socket().connect_ex(("127.0.0.1", port)),
    lambda: __import__("_socket").socket().connect(("127.0.0.1", port)),
    lambda: udp.sendto(b"x", ("127.0.0.1", port)),
    lambda: udp.sendmsg([b"x"], [], 0, ("127.0.0.1", port)),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: os.fork(),
    lambda: open("/etc/passwd"),
    lambda: open("/tmp/watchkeeper-leash", "w"),
    lambda: udp.bind(("127.0.0.1", 0)),
]
for place, each in enumerate(tries):
    try:
        each()
    except PermissionError:
        continue
    sys.exit(f"{place} was let through")
refused = len(leash.refused)
assert refused == len(tries), leash.refused
import new_code, sqlite3, xml.dom.minidom  # code is still found
assert len(leash.refused) == refused, leash.refused
"""


def test_a_process_on_a_leash_is_held_by_whatever_way_it_tries(tmp_path: Path) -> None:
    (tmp_path / "new_code.py").write_text("")
    source = str(Path(watchkeeper.__file__).parents[1])
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = subprocess.run(
            [sys.executable, "-c", TRIED, str(server.getsockname()[1])],
            env={"PYTHONPATH": os.pathsep.join((source, str(tmp_path)))},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        with pytest.raises(TimeoutError):
            server.accept()
    assert done.returncode == 0, done.stderr
