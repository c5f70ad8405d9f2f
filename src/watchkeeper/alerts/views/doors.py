"""The ways in once more, inside Django: for what asks with GET, and for servers without ASGI."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from watchkeeper.alerts.ports import Post
from watchkeeper.alerts.usecases import doors, intake
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError, NotFoundError
from watchkeeper.plumbing import unpacking


@csrf_exempt
def enter(request: HttpRequest, **parts: str) -> HttpResponse:
    """Take in what a sender posts; its key is in the post, not in a session."""
    del parts
    method = request.method or ""
    door = doors.find(method, request.path)
    if door is None:
        raise NotFoundError("There is nothing at this address")
    arrival = Arrival(door, post_of(request))
    if doors.lacks(door, arrival.post):
        doors.prepare(door, arrival.post)
    intake.store([arrival], now=arrival.post.received_at)
    answer = arrival.answer
    if answer is None:
        raise NotFoundError("There is nothing at this address")
    kind = "application/json" if answer.status < 400 else "application/problem+json"
    response = JsonResponse(
        answer.body, status=answer.status, safe=False, content_type=kind, headers=answer.headers
    )
    if method == "HEAD":
        response.content = b""
    return response


def post_of(request: HttpRequest) -> Post:
    """Return a request as senders' doors read it.

    Raises:
        InvalidError: its body is not packed as it says.
    """
    try:
        body = doors.unpacked(request.body, request.headers.get("Content-Encoding", ""))
    except (unpacking.TooLongError, unpacking.PackedWronglyError) as error:
        raise InvalidError("The body is not packed as it says, or is too long") from error
    return Post(
        method=request.method or "",
        path=request.path,
        body=body,
        received_at=clock.now(),
        content_type=request.headers.get("Content-Type", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        query={name: str(value) for name, value in request.GET.items()},
    )
