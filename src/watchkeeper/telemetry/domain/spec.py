"""How an SLI is measured, in the one normal form that its versions are keyed by."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Self

from watchkeeper.kernel.errors import InvalidError

KINDS = ("push", "ratio", "threshold", "raw_ratio", "sample")
OPERATORS = ("lt", "lte", "gt", "gte")


@dataclass(frozen=True, slots=True)
class SliSpec:
    """One way of measuring good and total events for each minute.

    Attributes:
        kind: ``push`` (sent to us), ``ratio`` (two of good, bad, total), ``threshold`` (a value
            compared with a bound; each minute yields 1/1 or 0/1), ``raw_ratio`` (the source tells
            the ratio itself), ``sample`` (the generator of the sample organisation).
        source: Name of the source; ``None`` for ``push``.
        good: Query that counts good events; ``None`` where ``bad`` is given.
        bad: Query that counts bad events; ``None`` where ``good`` is given.
        total: Query that counts all valid events.
        value: Query whose value a threshold judges, or that is the ratio of ``raw_ratio``.
        counter: Whether the queries name counters (true) or give the minute's value itself.
        op: ``lt``, ``lte``, ``gt``, ``gte``: good when *value op bound*; thresholds only.
        bound: What the value is compared with; thresholds only.
        raw_type: ``success`` or ``failure``: what a ``raw_ratio`` is the share of.
    """

    kind: str
    source: str | None = None
    good: str | None = None
    bad: str | None = None
    total: str | None = None
    value: str | None = None
    counter: bool = False
    op: str | None = None
    bound: Decimal | None = None
    raw_type: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidError(f"an SLI of kind {self.kind!r} is not known; use one of {KINDS}")
        if self.op is not None and self.op not in OPERATORS:
            raise InvalidError(f"the operator {self.op!r} is not known; use one of {OPERATORS}")

    @property
    def key(self) -> str:
        """SHA-256, in hex, of all that changes what is measured (white space does not)."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return plain values; queries with white space folded, unset fields left out."""
        plain = {name: value for name, value in asdict(self).items() if value is not None}
        for name in ("good", "bad", "total", "value"):
            if name in plain:
                plain[name] = " ".join(plain[name].split())
        if self.bound is not None:
            plain["bound"] = str(self.bound.normalize())
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return the spec that :meth:`to_json` wrote."""
        bound = plain.get("bound")
        fields = dict(plain) | {"bound": None if bound is None else Decimal(bound)}
        return cls(**fields)
