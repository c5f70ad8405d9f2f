"""Writes the reference pages from the code: settings, commands, API, senders of alerts.

``python docs/generate.py`` writes them; ``--check`` fails if one is behind.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
os.environ["WATCHKEEPER_DATA"] = tempfile.mkdtemp()
os.environ["DJANGO_SETTINGS_MODULE"] = "watchkeeper.config.settings"


def settings_page() -> str:
    from watchkeeper.plumbing.environment import Environment

    lines = [
        "# Settings",
        "",
        "Written from `watchkeeper/plumbing/environment.py`; do not edit.",
        "",
        "Each is an environment variable, or a key in `watchkeeper.toml` (in the data folder,",
        "or where `WATCHKEEPER_CONFIG` says) in lower case and without `WATCHKEEPER_`. The",
        "environment wins.",
        "",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Environment.model_fields.items():
        shown = field.default
        shown = ",".join(shown) if isinstance(shown, tuple) else shown
        default = "" if shown in (None, "") else f"`{shown}`"
        lines.append(f"| `WATCHKEEPER_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    import django

    django.setup()
    import typer

    from watchkeeper.cli import commands
    from watchkeeper.cli.options import EPILOG

    lines = [
        "# Commands",
        "",
        "Written from the commands themselves; do not edit.",
        "",
        EPILOG,
        "",
    ]
    lines += [
        "Exit codes: 0 done; 1 the answer is no (`--fail-on`, `validate`, `audit verify`); "
        "2 usage or input; 3 a server cannot be reached; 70 a fault of Watchkeeper.",
        "",
    ]
    for name, command in walk(typer.main.get_command(commands.app), "watchkeeper"):
        lines += [f"## `{name}`", "", (command.help or "").strip(), ""]
        rows = [option_row(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            lines += ["| argument or option | meaning |", "| --- | --- |", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child in sorted(children):
        yield from walk(children[child], f"{name} {child}")


def option_row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        names = f"`{str(parameter.name).upper()}`"
    meaning = (getattr(parameter, "help", "") or "").replace("|", "\\|")
    return f"| {names} | {meaning} |"


def api_page() -> str:
    import django

    django.setup()
    from watchkeeper.config.api import api

    schema = api.get_openapi_schema()
    lines = [
        "# API",
        "",
        "Written from the OpenAPI document, which a running server gives at",
        "`/api/v1/openapi.json`; do not edit.",
        "",
        "Send a token: `Authorization: Bearer wk_…`. Errors are `application/problem+json` with a",
        "stable `code`. Lists answer `{items, next}`; pass `next` as `cursor`. A POST with an",
        "`Idempotency-Key` runs once in 24 hours. A `PUT` with `If-Match` is answered 412 where",
        "it would overwrite what somebody else changed.",
        "",
        "| operation | what it does |",
        "| --- | --- |",
    ]
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            summary = str(operation.get("summary", "")).replace("|", "\\|")
            lines.append(f"| `{method.upper()} {path}` | {summary} |")
    return "\n".join(lines) + "\n"


def senders_page() -> str:
    import re

    from watchkeeper.config import settings

    lines = ["# Senders of alerts", "", "Written from `integrations/<kind>/doc.md`; do not edit."]
    for kind in settings.WATCHKEEPER_INTAKES:
        manual = (settings.PACKAGE / "integrations" / kind / "doc.md").read_text()
        title = manual.partition("\n")[0].removeprefix("# ")
        lines += ["", f"## {title} {{#{kind}}}", "", manual.partition("\n")[2].strip()]
    return re.sub(r"\(\.\./([a-z]+)/doc\.md\)", r"(#\1)", "\n".join(lines)) + "\n"


def main() -> int:
    check = "--check" in sys.argv
    behind = []
    for name, make in (
        ("settings", settings_page),
        ("commands", commands_page),
        ("api", api_page),
        ("senders", senders_page),
    ):
        path = DOCS / "reference" / f"{name}.md"
        text = make()
        if path.exists() and path.read_text() == text:
            continue
        behind.append(name)
        if not check:
            path.write_text(text)
    if check and behind:
        print(f"behind the code: {', '.join(behind)}; run: make docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
