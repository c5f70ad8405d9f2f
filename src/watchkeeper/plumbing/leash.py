"""A process on a leash: other people's code that reaches out by itself, under our own rules.

Where a library opens its own connections, egress cannot open them for it. Such a library is run
in a process of its own that puts itself on a leash first: the interpreter asks an audit hook
before each connection, file and program, whichever way it was come by, and no hook can be taken
off again. An address is judged as egress judges it (reliability.md S15), at the connection itself
and after the name was resolved, so that neither a redirect nor a name that changes its mind leads
inside. It holds code that is careless, not code that is hostile.

It needs no settings and no Django, so that such a process starts fast.
"""

import errno
import ipaddress
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from watchkeeper.kernel import addresses
from watchkeeper.kernel.addresses import Network

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PROGRAMS = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
    "ctypes.dlopen",
)
_CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")


class Leash:
    """What this process may do from now on: reach what egress would, read its own code.

    Attributes:
        refused: What was tried and refused, in words, the first first.
    """

    def __init__(self, *, internal: bool, allowed: Sequence[Network]) -> None:
        self._internal = internal
        self._allowed = allowed
        places = {sys.prefix, sys.base_prefix, *sys.path}
        self._readable = tuple(os.path.realpath(place) for place in places if place)
        self._checks: dict[str, Callable[[tuple[Any, ...]], str]] = {
            "socket.connect": self._connection,
            "socket.sendto": self._connection,
            "socket.sendmsg": self._connection,
            "socket.bind": lambda _: "it would listen here",
            "open": self._file,
            **dict.fromkeys(_PROGRAMS, lambda _: "it would run a program here"),
            **dict.fromkeys(_CHANGES, lambda _: "it would change files here"),
        }
        self.refused: list[str] = []

    def put_on(self) -> None:
        """Hold this process; there is no way back."""
        sys.dont_write_bytecode = True  # or code that is imported late would count as refused
        sys.addaudithook(self._judge)

    def _judge(self, event: str, args: tuple[Any, ...]) -> None:
        reason = self.why_not(event, args)
        if reason:
            self.refused.append(reason)
            raise PermissionError(errno.EACCES, reason)

    def why_not(self, event: str, args: tuple[Any, ...]) -> str:
        """Return why what the interpreter is about to do may not be; empty if it may."""
        check = self._checks.get(event)
        return check(args) if check is not None else ""

    def _connection(self, args: tuple[Any, ...]) -> str:
        """Return why a socket may not reach ``args``' address; empty if it may."""
        target = args[1]
        if target is None:  # the socket is connected, which was judged
            return ""
        if not isinstance(target, tuple):
            return "it leads to a local socket"
        try:
            address = ipaddress.ip_address(str(target[0]).partition("%")[0])
        except ValueError:
            return "it leads to a name that was not resolved"
        if not addresses.is_allowed(address, internal=self._internal, allowed=self._allowed):
            return f"it leads to {address}, which may not be reached from here"
        if target[1] in addresses.FORBIDDEN_PORTS:
            return f"port {target[1]} is not reached from here"
        return ""

    def _file(self, args: tuple[Any, ...]) -> str:
        """Return why a file may not be opened; empty if it may: to read code, or an open one."""
        path, _, flags = args
        if isinstance(path, int):
            return ""
        if flags & _WRITES:
            return "it would write a file here"
        place = os.path.realpath(os.fsdecode(path))
        is_code = any(place.startswith(root + os.sep) for root in self._readable)
        return "" if is_code else "it would read a file here"
