"""Every command under one name."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import __version__
from watchkeeper.alerts import cli as alerts
from watchkeeper.audit import cli as audit
from watchkeeper.catalog import cli as catalog
from watchkeeper.changes import cli as changes
from watchkeeper.cli import bootstrap, host
from watchkeeper.cli.options import EPILOG
from watchkeeper.drills import cli as drills
from watchkeeper.identity import cli as identity
from watchkeeper.integrations.prometheus import cli as prometheus
from watchkeeper.integrations.sample import cli as sample
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.manifests import cli as manifests
from watchkeeper.notifications import cli as notifications
from watchkeeper.oncall import cli as oncall
from watchkeeper.plumbing import transport
from watchkeeper.slos import cli as slos
from watchkeeper.telemetry import cli as telemetry

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Watchkeeper: service levels, error budgets and their history.",
    epilog=EPILOG,
)


@app.callback()
def root() -> None:
    """Watchkeeper: service levels, error budgets and their history."""


for function in (
    host.up,
    host.web,
    host.engine,
    host.migrate,
    host.doctor,
    host.backup,
    host.restore,
    manifests.apply,
    manifests.export,
    manifests.validate,
):
    app.command(function.__name__, epilog=EPILOG)(function)


key_app = typer.Typer(help="The keys that secrets are sealed with.", no_args_is_help=True)
key_app.command("rotate", epilog=EPILOG)(host.rotate_key)
key_app.command("reseal", epilog=EPILOG)(host.reseal)
app.add_typer(key_app, name="key")


app.add_typer(drills.app, name="drill")
app.command("drill-stored", hidden=True)(drills.stored)
app.command("drill-under-way", hidden=True)(drills.under_way)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command("api")
def api(
    method: Annotated[str, typer.Argument(help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[str, typer.Argument(help="As /api/v1/slos, with a query if you like.")],
    data: Annotated[
        str | None, typer.Option("-d", help="JSON to send; @FILE or @- reads it from there.")
    ] = None,
    accept: Annotated[str, typer.Option(help="Form of the answer.")] = "application/json",
) -> None:
    """Make one request of the API and print its answer."""
    if not path.startswith("/"):
        path = f"/api/v1/{path}"
    answer = transport.current().call(method.upper(), path, body=_body(data), accept=accept)
    text = answer.body.decode("utf-8", errors="replace")
    if "json" in answer.headers.get("Content-Type", answer.headers.get("content-type", "")):
        text = json.dumps(json.loads(text), indent=2) if text else ""
    if text:
        typer.echo(text, nl=not text.endswith("\n"))


def _body(data: str | None) -> bytes | None:
    if data is None:
        return None
    text = data
    if data.startswith("@"):
        try:
            text = sys.stdin.read() if data == "@-" else Path(data[1:]).read_text("utf-8")
        except OSError as error:
            raise InvalidError(f"{data[1:]} cannot be read: {error.strerror}") from error
        except ValueError as error:  # a NUL in the name is one too
            raise InvalidError(f"{data[1:]!r} cannot be read: it is not UTF-8 text") from error
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidError(f"-d is not JSON: {error}") from error
    return text.encode()


slos.app.command("import-minutes", epilog=EPILOG)(telemetry.import_minutes)
slos.app.command("discover", epilog=EPILOG)(prometheus.discover)
for name, group in (
    ("alert", alerts.alert_app),
    ("integration", alerts.integration_app),
    ("silence", alerts.silence_app),
    ("inhibition", alerts.inhibition_app),
    ("maintenance", changes.maintenance_app),
    ("change", changes.change_app),
    ("slo", slos.app),
    ("oncall", oncall.app),
    ("source", telemetry.app),
    ("user", identity.user_app),
    ("token", identity.token_app),
    ("team", identity.team_app),
    ("audit", audit.app),
    ("service", catalog.service_app),
    ("journey", catalog.journey_app),
    ("page", notifications.page_app),
    ("sample", sample.app),
):
    app.add_typer(group, name=name)

__all__ = ["app", "bootstrap"]
