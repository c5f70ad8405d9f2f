"""One HTTP call of a channel, and what its answer means; for adapters of HTTP providers."""

from collections.abc import Mapping

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.notifications.domain import answers
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.plumbing import egress
from watchkeeper.plumbing.egress import Response, Trust

TIMEOUT_SECONDS = 8.0
MOST_BYTES = 65_536


def post(
    url: str,
    *,
    who: str,
    is_by_admin: bool,
    headers: Mapping[str, str],
    body: bytes,
    auth: tuple[str, str] | None = None,
    shows_answer: bool = True,
) -> tuple[Result, Response | None]:
    """Post once, within 8 seconds, and return what it means beside the answer itself.

    Args:
        url: Where.
        who: Whose answer it is, for people.
        is_by_admin: Whether an admin set the address, which may then be internal.
        headers: Headers to send.
        body: Body to send.
        auth: User and password for Basic authentication.
        shows_answer: Whether people may read what was answered; not where a member set the
            address, who could look around inside with it.

    Returns:
        What came of it, and the answer; ``None`` where there was none.
    """
    trust = Trust.ADMIN if is_by_admin else Trust.MEMBER
    try:
        answer = egress.request(
            "POST",
            url,
            trust=trust,
            headers=headers,
            body=body,
            auth=auth,
            timeout_seconds=TIMEOUT_SECONDS,
            max_bytes=MOST_BYTES,
        )
    except DependencyError as error:
        outcome = Outcome.PERMANENT if error.permanent else Outcome.TEMPORARY
        return Result(outcome, error.message), None
    result = answers.result_of(
        answer.status,
        text=answer.text if shows_answer else "",
        retry_after=answer.headers.get("retry-after", ""),
        now=clock.now(),
        who=who,
    )
    return result, answer
