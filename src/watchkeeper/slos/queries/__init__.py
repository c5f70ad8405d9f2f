"""What may be read of SLOs."""

from watchkeeper.slos.queries.answers import status_of
from watchkeeper.slos.queries.definitions import (
    DefinitionChange,
    SloNotFoundError,
    Version,
    changes_since,
    documents,
    in_force,
    library,
    slo_id,
    unused_slis,
    versions_of,
)
from watchkeeper.slos.queries.proofs import proof
from watchkeeper.slos.queries.pulse import Pulse, pulse
from watchkeeper.slos.queries.rows import (
    ExclusionRow,
    FiringRow,
    SloRow,
    StateRow,
    exclusion_rows,
    firing_rows,
    firings_after,
    firings_of,
    slo_row,
    slo_rows,
    slo_rows_named,
)
from watchkeeper.slos.queries.rules import RuleRow, findings_of, rule_rows
from watchkeeper.slos.queries.standing import (
    Standing,
    further_back,
    standings,
    standings_of,
)

__all__ = [
    "DefinitionChange",
    "ExclusionRow",
    "FiringRow",
    "Pulse",
    "RuleRow",
    "SloNotFoundError",
    "SloRow",
    "Standing",
    "StateRow",
    "Version",
    "changes_since",
    "documents",
    "exclusion_rows",
    "findings_of",
    "firing_rows",
    "firings_after",
    "firings_of",
    "further_back",
    "in_force",
    "library",
    "proof",
    "pulse",
    "rule_rows",
    "slo_id",
    "slo_row",
    "slo_rows",
    "slo_rows_named",
    "standings",
    "standings_of",
    "status_of",
    "unused_slis",
    "versions_of",
]
