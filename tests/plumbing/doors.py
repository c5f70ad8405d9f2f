"""An API and pages that misbehave in every way the machinery must answer for."""

from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from ninja import Field, NinjaAPI, Schema

from watchkeeper.kernel import errors
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.models import Fixed

ERRORS: dict[str, Exception] = {
    "not_found": errors.NotFoundError("There is no SLO x"),
    "conflict": errors.ConflictError("It was taken over"),
    "invalid": errors.InvalidError(
        "Two faults",
        [errors.Problem("bad", path="a.b", file="f", line=3), errors.Problem("b", row=0)],
    ),
    "forbidden": errors.ForbiddenError("Not yours"),
    "unauthenticated": errors.UnauthenticatedError("Sign in"),
    "limit": errors.LimitError("Too often", retry_after_seconds=7),
    "dependency": errors.DependencyError("Prometheus is away", permanent=False),
    "unavailable": errors.UnavailableError("Full"),
    "operational": OperationalError("could not connect to host with hunter22"),
    "integrity": IntegrityError("duplicate key hunter22"),
    "data": DataError("value too long hunter22"),
    "missing": Http404("x"),
    "unexpected": RuntimeError("hunter22"),
}  # fmt: skip


class Objective(Schema):
    target: float


class Thing(Schema):
    name: str
    objectives: list[Objective] = Field(default_factory=list)


api = NinjaAPI(urls_namespace="plumbing-tests")
rest.install(api)


@api.get("/fail/{kind}")
def fail(request: HttpRequest, kind: str) -> None:
    raise ERRORS[kind]


@api.post("/things")
def make_thing(request: HttpRequest, payload: Thing) -> dict[str, object]:
    count = Fixed.objects.count()
    Fixed.objects.create(name=f"thing {count}", value=payload.name)
    if payload.name == "refused":
        raise errors.ConflictError("No")
    return {"number": count, "secret": "wk-shown-once"}


@api.get("/things")
def things(request: HttpRequest, limit: int = 50, cursor: str | None = None) -> dict[str, object]:
    items, following = rest.page(
        [f"n{number:02}" for number in range(5)], key=str, limit=limit, cursor=cursor
    )
    return {"items": items, "next": following}


@api.get("/who")
def who(request: HttpRequest) -> dict[str, object]:
    actor = rest.actor_of(request)
    return {"kind": actor.kind.value, "label": actor.label}


@api.post("/slis/{name}/minutes")
def minutes(request: HttpRequest, name: str) -> int:
    return len(request.body)


def page(request: HttpRequest, kind: str) -> HttpResponse:
    raise ERRORS[kind]


def address(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "address": request.client_address,  # type: ignore[attr-defined]
            "remote": request.META["REMOTE_ADDR"],
            "scheme": request.scheme,
        }
    )


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("name", "none"))


def opened(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse("opened")


urlpatterns = [
    path("api/v1/", api.urls),
    path("page/<str:kind>", page),
    path("address", address),
    path("form", form),
    path("setup/<str:token>", opened),
]

handler500 = "watchkeeper.plumbing.middleware.server_error"

USERS = {
    "alice": Actor(kind=ActorKind.USER, id=1, role=Role.EDITOR, via="api"),
    "bob": Actor(kind=ActorKind.USER, id=2, role=Role.EDITOR, via="api"),
}


class NamedActors:
    """Stands for identity's middleware: the header says who it is."""

    def __init__(self, get_response: object) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = USERS.get(request.headers.get("X-User", ""))
        if user is not None:
            request.actor = user  # type: ignore[attr-defined]
        if request.headers.get("X-User") in ERRORS:
            raise ERRORS[request.headers["X-User"]]
        response = self._get_response(request)  # type: ignore[operator]
        assert isinstance(response, HttpResponse)
        return response
