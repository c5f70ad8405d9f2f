"""The generator as a source of minutes."""

from collections.abc import Sequence

from watchkeeper import __version__
from watchkeeper.integrations.sample.domain import generator
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.ports import Fetched, SliRequest, SourceConfig

_KIND = "sample"
_MOST = 2**63


class SampleSource:
    """See ``telemetry.ports.MinuteSource``; it never fails and has history without end."""

    def fetch(
        self,
        source: SourceConfig,
        requests: Sequence[SliRequest],
        *,
        start: int,
        end: int,
        skip: tuple[int, int] | None = None,
    ) -> Sequence[Fetched]:
        """See ``MinuteSource``; a series that is not known was never measured."""
        seed = _seed(source)
        told = []
        for request in requests:
            series = _minutes(request.spec, seed=seed, start=start, end=end)
            if skip is not None:
                series = series.without(start=skip[0], end=skip[1])
            told.append(Fetched(request.version_id, series))
        return told

    def oldest(self, source: SourceConfig) -> int | None:
        """See ``MinuteSource``."""
        del source
        return None

    def check(self, source: SourceConfig, spec: SliSpec) -> tuple[str, ...]:
        """See ``MinuteSource``."""
        _seed(source)
        if spec.kind != _KIND or spec.value not in generator.names():
            detail = (
                f"the sample has no series {spec.value!r}; it has {', '.join(generator.names())}"
            )
            raise InvalidError(detail, [Problem(detail, path="series")])
        return ()

    def probe(self, source: SourceConfig) -> str:
        """See ``MinuteSource``."""
        _seed(source)
        return f"Sample shop of Watchkeeper {__version__}"


def _minutes(spec: SliSpec, *, seed: int, start: int, end: int) -> MinuteSeries:
    if spec.value not in generator.names():
        return MinuteSeries.empty(start=start, end=end)
    return generator.minutes(spec.value, seed=seed, start=start, end=end)


def _seed(source: SourceConfig) -> int:
    seed = source.settings.get("seed", generator.DEFAULT_SEED)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < _MOST:
        detail = "seed is a whole number from 0"
        raise InvalidError(detail, [Problem(detail, path="spec.connectionDetails.seed")])
    return seed
