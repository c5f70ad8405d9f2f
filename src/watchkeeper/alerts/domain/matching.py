"""Matchers over what an alert says, as ``service="shop"`` and ``severity=~"critical|error"``.

Source: the matchers of Alertmanager (prometheus.io/docs/alerting/latest/configuration/#matcher).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.domain import expressions
from watchkeeper.alerts.domain.events import Event
from watchkeeper.kernel.errors import InvalidError, Problem

LONGEST = 2_000
MOST = 50
_SHAPE = re.compile(r"\s*([A-Za-z_][\w.:/-]*)\s*(=~|!~|!=|=)\s*(.*?)\s*\Z", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w.:/-]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}

Fields = Mapping[str, tuple[str, ...]]
"""What matchers look at: the values of each name; one that is not there has one, empty."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition.

    Attributes:
        name: ``service``, ``owner``, ``severity``, ``integration``, ``key``, ``title``, or a
            label.
        operator: ``=``, ``!=``, ``=~`` or ``!~``.
        value: A text, or a pattern that the whole value must match.
    """

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        text = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.operator}"{text}"'

    def holds(self, fields: Fields) -> bool:
        """Return whether the condition holds; a negated one must hold for every value."""
        values = fields.get(self.name, ("",))
        if self.operator in {"=", "!="}:
            found = self.value in values
        else:
            expression = expressions.compiled(self.value)
            found = any(expression.matches(value) for value in values)
        return found if self.operator in {"=", "=~"} else not found


def parse(text: object) -> Matcher:
    """Return the matcher that ``text`` is.

    Raises:
        InvalidError: it is none.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise InvalidError(f"a matcher is a text of at most {LONGEST} characters")
    found = _SHAPE.match(text)
    if found is None:
        raise InvalidError(f'{text[:80]!r} is no matcher; write one as service="shop"')
    name, operator, value = found.groups()
    value = _unquoted(value, text)
    if operator in {"=~", "!~"}:
        expressions.compiled(value)
    return Matcher(name, operator, value)


def _unquoted(value: str, text: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
    inner = value[1:-1] if is_quoted else value
    bare = re.sub(r"\\.", "", inner, flags=re.DOTALL)
    if '"' in bare or bare.endswith("\\"):
        raise InvalidError(f"{text[:80]!r} is no matcher: its quotes do not close")
    if not is_quoted:
        return inner
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), inner)


def check_name(name: str) -> None:
    """Return if matchers can see something of that name.

    Raises:
        InvalidError: they cannot.
    """
    if len(name) > LONGEST or _NAME.fullmatch(name) is None:
        raise InvalidError(f"{name[:80]!r} is no name of a label, as service or alertname")


def parse_all(texts: object, *, path: str = "spec.match") -> tuple[Matcher, ...]:
    """Return a list of matchers, all of which must hold; an empty one matches everything.

    Raises:
        InvalidError: it is no list of matchers; each fault with its place below ``path``.
    """
    if not isinstance(texts, list | tuple) or len(texts) > MOST:
        message = f"a list of at most {MOST} matchers is wanted"
        raise InvalidError(message, [Problem(message, path=path)])
    found, faults = [], []
    for place, text in enumerate(texts):
        try:
            found.append(parse(text))
        except InvalidError as error:
            faults.append(Problem(error.message, path=f"{path}[{place}]"))
    if faults:
        raise InvalidError(faults[0].detail, faults)
    return tuple(found)


def matches(matchers: Sequence[Matcher], fields: Fields) -> bool:
    """Return whether all ``matchers`` hold."""
    return all(matcher.holds(fields) for matcher in matchers)


def fields_of(
    event: Event, *, integration: str, service: str, owner: str
) -> dict[str, tuple[str, ...]]:
    """Return what matchers see of an event.

    Args:
        event: What came.
        integration: Name of the integration it came by.
        service: The service it is about; empty: none.
        owner: Name of the team that owns the service; empty: nobody.

    Returns:
        Its labels, and over them its own fields; ``severity`` has both our word and the sender's.
    """
    fields: dict[str, tuple[str, ...]] = {n: (value,) for n, value in event.labels.items()}
    fields["severity"] = tuple({event.severity.value, event.severity_word} - {""})
    return fields | {
        "service": (service,),
        "owner": (owner,),
        "integration": (integration,),
        "key": (event.key,),
        "title": (event.title,),
    }
