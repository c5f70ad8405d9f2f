"""Writes of telemetry: SLIs and their versions, minutes, sources and the jobs' steps."""

from watchkeeper.telemetry.usecases.define import (
    define_sli,
    need_history,
    remove_sli,
    set_aliases,
    set_owner,
)
from watchkeeper.telemetry.usecases.push import push_csv, push_minutes
from watchkeeper.telemetry.usecases.seal import seal_some
from watchkeeper.telemetry.usecases.sources import (
    SourceCheck,
    SourceInUseError,
    SourceKeptInFilesError,
    check_source,
    check_spec,
    remove_source,
    save_source,
    try_source,
)
from watchkeeper.telemetry.usecases.store import (
    MinuteValue,
    StoreResult,
    store_fetched,
    store_minutes,
)

__all__ = [
    "MinuteValue",
    "SourceCheck",
    "SourceInUseError",
    "SourceKeptInFilesError",
    "StoreResult",
    "check_source",
    "check_spec",
    "define_sli",
    "need_history",
    "push_csv",
    "push_minutes",
    "remove_sli",
    "remove_source",
    "save_source",
    "seal_some",
    "set_aliases",
    "set_owner",
    "store_fetched",
    "store_minutes",
    "try_source",
]
