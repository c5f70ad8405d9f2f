"""Commands: sample load, sample remove."""

from typing import Annotated

import typer

from watchkeeper.plumbing import console, transport

app = typer.Typer(help="The sample organisation.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """The sample organisation."""


@app.command("load")
def load(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Load the sample organisation with 90 days of history, beside what is here."""
    answer = transport.current().call("POST", "/api/v1/sample").json()
    if as_json:
        console.emit_json(answer)
    else:
        console.say("The sample organisation is loaded; remove it with: watchkeeper sample remove")


@app.command("remove")
def remove(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Remove the sample organisation with all its history; what you made stays."""
    gone = transport.current().call("DELETE", "/api/v1/sample").json()
    if as_json:
        console.emit_json(gone)
    elif not any(gone.values()):
        console.say("There is no sample organisation here")
    else:
        console.say(f"The sample organisation is removed: {gone['slos']} SLOs with their history")
