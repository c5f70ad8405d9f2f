"""What telemetry asks of those who know a kind of source; wired in ``WATCHKEEPER_SOURCES``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from watchkeeper.kernel.documents import Json
from watchkeeper.telemetry.domain.load import Meter
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec


@dataclass(frozen=True, slots=True)
class SliRequest:
    """One SLI to be measured.

    Attributes:
        version_id: Id of its version, given back with the answer.
        spec: How it is measured.
    """

    version_id: int
    spec: SliSpec


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source told of one SLI.

    Attributes:
        version_id: Id of the version that was asked for.
        series: Its minutes; gaps are not covered.
        over_total: Minutes with more good events than events; they are kept.
        findings: What is odd about it, a sentence each.
    """

    version_id: int
    series: MinuteSeries
    over_total: int = 0
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How to reach a source.

    Attributes:
        id: Its id.
        name: Its name.
        kind: Key in ``WATCHKEEPER_SOURCES``.
        settings: As in the document (``url``, ``tenant``, ``timeoutSeconds`` …); ``headers`` hold
            their true values.
        secrets: ``bearerToken``, ``password``, already resolved.
        meter: Whoever asks the source counts each request here.
    """

    id: int
    name: str
    kind: str
    settings: Mapping[str, Json]
    secrets: Mapping[str, str]
    meter: Meter = field(default_factory=Meter, compare=False, repr=False)


class MinuteSource(Protocol):
    """Knows one kind of source.

    It is made without arguments, touches no database, and is called from several threads.
    """

    def fetch(
        self,
        source: SourceConfig,
        requests: Sequence[SliRequest],
        *,
        start: int,
        end: int,
        skip: tuple[int, int] | None = None,
    ) -> Sequence[Fetched]:
        """Return the minutes ``[start, end)`` of every request.

        Args:
            source: Whom to ask.
            requests: What is wanted.
            start: First minute.
            end: The minute after the last.
            skip: Minutes ``[from, to)`` inside that are not wanted, and not covered in the answer;
                so that the newest minutes and those asked for again share their requests.

        Raises:
            DependencyError: the source cannot be reached or refuses.
        """
        ...

    def oldest(self, source: SourceConfig) -> int | None:
        """Return the first minute that the source still has; ``None`` if it cannot tell.

        Raises:
            DependencyError: the source cannot be reached or refuses.
        """
        ...

    def check(self, source: SourceConfig, spec: SliSpec) -> tuple[str, ...]:
        """Return what is odd about ``spec``, a sentence each.

        Raises:
            InvalidError: a query cannot be measured.
            DependencyError: the source cannot be reached.
        """
        ...

    def probe(self, source: SourceConfig) -> str:
        """Return what the source is: name and version.

        Raises:
            DependencyError: it cannot be reached or refuses.
        """
        ...
