"""A service as somebody wants it, and what such a wish must keep to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from watchkeeper.catalog.domain import references
from watchkeeper.kernel import ids
from watchkeeper.kernel.errors import InvalidError, Problem

TIERS = (0, 1, 2, 3)
TIER_WORDS = (
    "the business stops without it",
    "customers are hurt without it",
    "comfort is lost without it",
    "nobody outside notices",
)
"""What a tier means, by tier."""

_LENGTHS = {
    "title": 200, "description": 10_000, "lifecycle": 60, "on_call_url": 1000, "runbook_url": 1000,
    "repository_url": 1000, "chat_channel": 200, "fallback": 1000,
}  # fmt: skip
_MOST_LABELS = 100
_MOST_TARGETS = 500


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service as somebody wants it.

    Attributes:
        name: Its name.
        title: Words for people.
        description: Longer words.
        tier: 0 to 3, 0 matters most; ``None``: unknown.
        lifecycle: As ``production``.
        owner: Name of the team; ``None``: nobody.
        on_call_url: Who is called.
        runbook_url: What to do.
        repository_url: Where its code is.
        chat_channel: Where its people talk.
        labels: Free pairs.
        hard: What it cannot do without: names of services and outside vendors, and
            ``resource:x`` or ``api:x`` for other things.
        soft: What it can do without.
        fallback: What stands in when it is gone; empty: nothing.
    """

    name: str
    title: str = ""
    description: str = ""
    tier: int | None = None
    lifecycle: str = ""
    owner: str | None = None
    on_call_url: str = ""
    runbook_url: str = ""
    repository_url: str = ""
    chat_channel: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    fallback: str = ""


def normal(spec: ServiceSpec) -> ServiceSpec:
    """Return ``spec`` with each dependency once and by the name it is known by here.

    What is both hard and soft is hard.
    """
    hard = tuple(dict.fromkeys(references.target_of(text) for text in spec.hard))
    soft = tuple(dict.fromkeys(references.target_of(text) for text in spec.soft))
    return replace(spec, hard=hard, soft=tuple(t for t in soft if t not in hard))


def check(spec: ServiceSpec) -> None:
    """Return if ``spec`` can be stored.

    Raises:
        InvalidError: the name, the tier, a length or a dependency cannot be.
    """
    ids.check_name(spec.name, what="A service")
    problems = list(_problems(spec))
    if problems:
        raise InvalidError(f"The service {spec.name}: {problems[0].detail}", problems)


def _problems(spec: ServiceSpec) -> Iterator[Problem]:
    if spec.tier is not None and spec.tier not in TIERS:
        yield Problem(f"the tier is {spec.tier}, not 0 to 3", path="tier")
    for name, most in _LENGTHS.items():
        if len(getattr(spec, name)) > most:
            yield Problem(f"{name} has at most {most} characters", path=name)
    if len(spec.labels) > _MOST_LABELS:
        yield Problem(f"a service has at most {_MOST_LABELS} labels", path="labels")
    yield from _target_problems("hard", spec.hard)
    yield from _target_problems("soft", spec.soft)


def _target_problems(path: str, targets: tuple[str, ...]) -> Iterator[Problem]:
    if len(targets) > _MOST_TARGETS:
        yield Problem(f"a service has at most {_MOST_TARGETS} of these", path=path)
    for place, target in enumerate(targets):
        if not target.strip() or len(target) > ids.NAME_LENGTH:
            detail = f"a dependency has 1 to {ids.NAME_LENGTH} characters"
            yield Problem(detail, path=f"{path}[{place}]")
