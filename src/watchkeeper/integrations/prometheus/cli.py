"""Command: slo discover."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.integrations.prometheus import usecases
from watchkeeper.integrations.prometheus.domain import discovery
from watchkeeper.integrations.prometheus.domain.discovery import Proposal
from watchkeeper.integrations.prometheus.usecases import Discovery
from watchkeeper.kernel import clock
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import console, yaml_documents
from watchkeeper.telemetry.ports import SourceConfig

SOURCE = "prometheus"
_OWNER = """\
# Who owns {name}? Fill in the team, take away the marks, and apply it with the rest:
#
# apiVersion: backstage.io/v1alpha1
# kind: Component
# metadata: {{name: {name}}}
# spec: {{type: service, lifecycle: production, owner: TEAM}}
"""


def discover(
    prometheus: Annotated[
        str, typer.Option("--prometheus", help="Base address, as http://prometheus:9090.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the files; else stdout.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the data source.")] = SOURCE,
    bearer_token_file: Annotated[
        Path | None, typer.Option(help="File that holds a token for the server.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant, sent as X-Scope-OrgID.")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust instead.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Proposals as JSON.")] = False,
) -> None:
    """Find services in a Prometheus server and propose SLOs for them, as OpenSLO."""
    settings = {
        "url": prometheus if "://" in prometheus else f"http://{prometheus}",
        "tenant": tenant,
        "caFile": str(ca_file) if ca_file else None,
        # Generous: a large server adds up a week of every counter.
        "timeoutSeconds": 60,
    }
    secrets = {"bearerToken": _read(bearer_token_file)} if bearer_token_file else {}
    source = SourceConfig(0, name, "prometheus", settings, secrets)
    found = usecases.discover(source, now=clock.now())
    for note in found.notes:
        console.warn(note)
    if not found.proposals:
        raise InvalidError(
            f"{found.server} at {found.url} holds no metrics of requests that are known here; "
            "see docs: Prometheus, Queries, for writing an SLO by hand"
        )
    if as_json:
        console.emit_json([_plain(each) for each in found.proposals])
    elif output is None:
        console.say("\n".join(text for _, text in _files(found, name)).rstrip("\n"))
    else:
        _write(found, name, output)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}") from error


def _write(found: Discovery, source: str, output: Path) -> None:
    """Write one file for the source and one per service, and say what was written."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in _files(found, source):
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidError(f"{output} cannot be written: {error.strerror}") from error
    rows = [
        (each.name, each.service, f"{float(each.target) * 100:g} %", _achieved(each))
        for each in found.proposals
    ]
    console.table(("SLO", "service", "target", "achieved"), rows)
    slos = _many(len(rows), "SLO")
    services = _many(len({each.service for each in found.proposals}), "service")
    console.say(
        f"\n{slos} for {services} of {found.server} in {output}. "
        f"Read them, fill in the owners, then: watchkeeper apply -f {output}"
    )


def _achieved(proposal: Proposal) -> str | None:
    return None if proposal.achieved is None else f"{int(proposal.achieved * 1e5) / 1000:g} %"


def _files(found: Discovery, source: str) -> list[tuple[str, str]]:
    """Return names and texts of the files, the source first."""
    documents = discovery.documents(found.proposals, source=source, url=found.url)
    files = [(f"datasource-{source}.yaml", yaml_documents.dump(documents[:1]))]
    for service in sorted({each.service for each in found.proposals}):
        own = [each for each in documents[1:] if _service_of(each) == service]
        files.append((f"service-{_file_name(service)}.yaml", _commented(own, service)))
    return files


def _commented(documents: Sequence[Mapping[str, Json]], service: str) -> str:
    """Return documents as YAML, the service's owner to be filled in above them."""
    return _OWNER.format(name=service) + yaml_documents.dump(documents)


def _service_of(document: Mapping[str, Json]) -> str:
    if document["kind"] == "Service":
        return str(document["metadata"]["name"])
    return str(document["spec"]["service"])


def _file_name(service: str) -> str:
    return re.sub(r"[^a-z0-9.-]", "-", service)


def _plain(proposal: Proposal) -> Mapping[str, Json]:
    return {
        "name": proposal.name,
        "service": proposal.service,
        "title": proposal.title,
        "target": float(proposal.target),
        "achieved": proposal.achieved,
        "why": list(proposal.sentences),
    }


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
