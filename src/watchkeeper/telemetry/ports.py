"""What telemetry asks of a source of minutes; integrations implement it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.kernel.documents import Json
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec


@dataclass(frozen=True, slots=True)
class SliRequest:
    """One way of measuring whose minutes are wanted.

    Attributes:
        version_id: The SLI version that the answer belongs to.
        spec: How it is measured.
    """

    version_id: int
    spec: SliSpec


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source answered for one version.

    Attributes:
        version_id: The SLI version that was asked for.
        series: The minutes asked for, those that the source could measure marked as covered.
        over_total: Minutes in which good (or bad) exceeded total; kept as the source told.
        findings: Sentences for the people who own the SLI; empty if all is well.
    """

    version_id: int
    series: MinuteSeries
    over_total: int = 0
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How to reach one source.

    Attributes:
        id: Row id.
        name: Its name on every door.
        kind: Key of ``WATCHKEEPER_SOURCES``.
        settings: What the adapter reads, as address and time-outs; no secrets.
        secrets: Passwords and tokens by name, already decrypted and resolved.
    """

    id: int
    name: str
    kind: str
    settings: Mapping[str, Json]
    secrets: Mapping[str, str]


class MinuteSource(Protocol):
    """A system that can tell good and total for each minute."""

    def fetch(
        self, source: SourceConfig, requests: Sequence[SliRequest], *, start: int, end: int
    ) -> Sequence[Fetched]:
        """Return one answer per request for the minutes ``[start, end)``.

        Raises:
            DependencyError: the source could not be asked or refused.
        """
        ...

    def oldest(self, source: SourceConfig) -> int | None:
        """Return the first minute that the source still has; ``None`` if it holds nothing.

        Raises:
            DependencyError: the source could not be asked.
        """
        ...

    def check(self, source: SourceConfig, spec: SliSpec) -> tuple[str, ...]:
        """Return findings about ``spec``, empty if all is well.

        Raises:
            InvalidError: the query is refused, with the reason.
            DependencyError: the source could not be asked.
        """
        ...

    def probe(self, source: SourceConfig) -> str:
        """Return what the source says it is, as ``Prometheus 2.42.0``.

        Raises:
            DependencyError: the source could not be asked.
        """
        ...
