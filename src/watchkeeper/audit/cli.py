"""Commands of the log."""

import typer

from watchkeeper.audit import queries
from watchkeeper.plumbing import console

app = typer.Typer(help="The audit log.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """The audit log."""


@app.command("verify")
def verify() -> None:
    """Check that nothing was changed, removed or cut off. Exit 1: it was."""
    verdict = queries.verify()
    if verdict.broken is not None:
        console.warn(f"The audit log is broken: {verdict.broken.reason}")
        raise typer.Exit(1)
    console.say(f"The audit log is whole: {verdict.count} entries")
