"""What is quiet while something larger is open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts.domain import inhibition, matching
from watchkeeper.alerts.domain.inhibition import Inhibition
from watchkeeper.alerts.domain.matching import Fields


def rule(source: str, target: str, *equal: str) -> Inhibition:
    one, other = matching.parse_all([source]), matching.parse_all([target])
    return Inhibition("r", one, other, equal)


def is_quiet(found: Inhibition, source: Fields, target: Fields) -> bool:
    """Return whether an alert is quiet while another is open."""
    return any(
        mark.meets(other)
        for mark in inhibition.sources([found], source)
        for other in inhibition.targets([found], target)
    )


DOWN: Fields = {"alertname": ("ClusterDown",), "cluster": ("eu",)}
SLOW: Fields = {"alertname": ("Slow",), "cluster": ("eu",)}
NAMED = rule('alertname="ClusterDown"', 'alertname!="ClusterDown"', "cluster")
ANY = rule('alertname="ClusterDown"', 'alertname="Slow"')
BARE: Fields = {"alertname": ("Slow",)}
WORSE = rule('alertname=~".+"', 'alertname=~".+"', "cluster")


@pytest.mark.parametrize(
    ("found", "source", "target", "quiet"),
    [
        (NAMED, DOWN, SLOW, True),
        (NAMED, DOWN, {**SLOW, "cluster": ("us",)}, False),
        (NAMED, SLOW, DOWN, False),
        (NAMED, DOWN, DOWN, False),
        (NAMED, {"alertname": ("ClusterDown",)}, {"alertname": ("Slow",)}, True),
        (NAMED, {"alertname": ("ClusterDown",), "cluster": ("",)}, {"alertname": ("Slow",)}, True),
        (NAMED, {"alertname": ("ClusterDown",)}, SLOW, False),
        (ANY, DOWN, BARE, True),
        (WORSE, DOWN, SLOW, False),
        (rule('alertname="ClusterDown"', 'cluster="eu"', "cluster"), DOWN, SLOW, True),
        (rule('cluster="eu"', 'alertname="Slow"', "cluster"), SLOW, SLOW, False),
        (rule('cluster="eu"', 'alertname="Slow"', "cluster"), DOWN, SLOW, True),
    ],
    ids=["same cluster", "another cluster", "the other way", "itself no target", "both missing",
         "missing is empty", "one missing", "nothing equal", "both on both sides",
         "source is both, target is not", "target is both and itself",
         "target is both, source is not"],
)  # fmt: skip
def test_alertmanagers_semantics(
    found: Inhibition, source: Fields, target: Fields, *, quiet: bool
) -> None:
    assert is_quiet(found, source, target) is quiet


VALUES = st.dictionaries(
    st.sampled_from(["alertname", "cluster", "zone"]), st.sampled_from(["", "a", "b"])
)


@given(VALUES, VALUES, st.sampled_from(["a", "b"]), st.sampled_from(["a", "b"]),
       st.lists(st.sampled_from(["cluster", "zone"]), unique=True))  # fmt: skip
def test_marks_say_what_comparing_all_would(
    one: dict[str, str], two: dict[str, str], source: str, target: str, equal: list[str]
) -> None:
    """Against the words of Alertmanager's documentation, spelled out."""
    found = rule(f'alertname="{source}"', f'alertname=~"{target}|a"', *equal)

    def fields(values: dict[str, str]) -> Fields:
        return {name: (value,) for name, value in values.items()}

    def sides(values: dict[str, str]) -> tuple[bool, bool]:
        name = values.get("alertname", "")
        return name == source, name in {target, "a"}

    is_source, source_is_target = sides(one)
    target_is_source, is_target = sides(two)
    shared = all(one.get(name, "") == two.get(name, "") for name in equal)
    wanted = is_source and is_target and shared and not (source_is_target and target_is_source)

    assert is_quiet(found, fields(one), fields(two)) is wanted
    assert not is_quiet(found, fields(one), fields(one))
