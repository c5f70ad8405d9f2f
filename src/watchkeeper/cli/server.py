"""``up``, ``web`` and ``engine``: the processes of the product."""

import asyncio
import ipaddress
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import typer
import uvicorn
from django.conf import settings

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import memory


@dataclass(frozen=True, slots=True)
class Bind:
    """Where a server listens."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def url(self) -> str:
        """Return the address to open in a browser."""
        if settings.WATCHKEEPER.public_url:
            return str(settings.WATCHKEEPER.public_url).rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def require_public_url(bind: Bind) -> None:
    """Refuse to listen for others without knowing the address they use.

    Raises:
        InvalidError: the bind is not loopback and no public address is set.
    """
    if not bind.is_loopback and not settings.WATCHKEEPER.public_url:
        raise InvalidError(
            f"Listening on {bind.host} needs WATCHKEEPER_PUBLIC_URL, the address people use, "
            "as https://watchkeeper.example.org"
        )


class Server(uvicorn.Server):
    """Uvicorn's server, which also says when it listens."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Bind, then tell."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            memory.leave_out_what_is_loaded()
            await asyncio.to_thread(self._on_ready)


def serve(bind: Bind, *, on_ready: Callable[[], None]) -> None:
    """Serve the web until a signal ends it.

    Raises:
        InvalidError: the port cannot be bound.
    """
    config = uvicorn.Config(
        "watchkeeper.config.asgi:application",
        host=bind.host,
        port=bind.port,
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    server = Server(config, on_ready=on_ready)
    try:
        server.run()
    except SystemExit as error:
        raise InvalidError(
            f"Port {bind.port} of {bind.host} cannot be used: is Watchkeeper running already? "
            "Choose another with --port"
        ) from error


def stop_on_signals(stop: threading.Event) -> None:
    """Set ``stop`` at SIGTERM or SIGINT."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def say(text: str) -> None:
    """Tell the person who started it, at once."""
    typer.echo(text, err=False)
