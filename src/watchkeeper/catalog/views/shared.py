"""What pages of services and of journeys share."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.documents import Json
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.rest import actor_of


def teams() -> Sequence[tuple[str, str]]:
    """Return teams for a choice: name and words."""
    return [(team.name, team.title or team.name) for team in identity.teams()]


def team_words() -> dict[str, str]:
    """Return how teams are called, by name."""
    return dict(teams())


def edits_somewhere(request: HttpRequest) -> bool:
    """Return whether the one who asks may make something in some team, or in all."""
    actor = actor_of(request)
    places: list[int | None] = [None, *actor.team_roles]
    return any(access.may(actor, Permission.EDIT, team_id=team) for team in places)


def require_some_edit(request: HttpRequest, what: str) -> None:
    """Return if the one who asks may make something somewhere."""
    if not edits_somewhere(request):
        access.require(actor_of(request), Permission.EDIT, what=what)


def field_of(path: str) -> str:
    """Return the field that a problem's path speaks of."""
    return path.partition("[")[0]


def yaml_file(document: Mapping[str, Json], file: str) -> HttpResponse:
    """Return a document as a file to save."""
    text = yaml_documents.dump([document])
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
