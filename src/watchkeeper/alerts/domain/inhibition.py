"""What need not page while something larger is known: a source, its targets, and what they share.

Semantics are those of Alertmanager: an alert that matches the target is quiet while one that
matches the source is open and the values of all ``equal`` labels are the same; a missing label is
an empty one; what matches both sides is not kept quiet by another that does, itself included.
Source: prometheus.io/docs/alerting/latest/configuration, ``inhibit_rule``.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from watchkeeper.alerts.domain import matching
from watchkeeper.alerts.domain.matching import Fields, Matcher

INHIBITION = "inhibition"
MOST_EQUAL = 20


@dataclass(frozen=True, slots=True)
class Inhibition:
    """A rule.

    Attributes:
        name: Its name.
        source: What has to be open; at least one matcher, all must hold.
        target: What is quiet meanwhile, likewise.
        equal: Labels or fields whose values source and target share; none: any source does.
    """

    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """That an alert is on one side of a rule.

    Attributes:
        name: Name of the rule.
        digest: The same for a source and for its targets, in every process.
        is_both: Whether it is on the other side too.
    """

    name: str
    digest: str
    is_both: bool

    def meets(self, other: "Mark") -> bool:
        """Return whether a source with this mark keeps a target with ``other`` quiet."""
        return self.digest == other.digest and not (self.is_both and other.is_both)


def sources(rules: Iterable[Inhibition], fields: Fields) -> Iterator[Mark]:
    """Yield the rules of which an alert is a source."""
    for rule in rules:
        if matching.matches(rule.source, fields):
            is_both = matching.matches(rule.target, fields)
            yield Mark(rule.name, _digest(rule, fields), is_both)


def targets(rules: Iterable[Inhibition], fields: Fields) -> Iterator[Mark]:
    """Yield the rules of which an alert is a target."""
    for rule in rules:
        if matching.matches(rule.target, fields):
            is_both = matching.matches(rule.source, fields)
            yield Mark(rule.name, _digest(rule, fields), is_both)


def _digest(rule: Inhibition, fields: Fields) -> str:
    values = [sorted(fields.get(name, ("",))) for name in rule.equal]
    text = json.dumps([rule.name, values])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
