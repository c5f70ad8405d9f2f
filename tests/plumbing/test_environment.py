"""Settings as they are typed."""

from pathlib import Path

import pytest

from watchkeeper.plumbing.environment import Environment

LISTS = ("egress_allow", "trusted_proxies", "secret_folders", "sns_cert_hosts")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("a.example.org", ("a.example.org",)),
        ("10.0.0.0/8, fd00::/8 ,", ("10.0.0.0/8", "fd00::/8")),
        ('["10.0.0.0/8", "b"]', ("10.0.0.0/8", "b")),
        ("", ()),
    ],
)
def test_a_list_is_typed_with_commas_or_as_json(
    monkeypatch: pytest.MonkeyPatch, name: str, typed: str, read: tuple[str, ...]
) -> None:
    monkeypatch.setenv(f"WATCHKEEPER_{name.upper()}", typed)

    assert getattr(Environment(), name) == read


def test_a_list_in_the_file_is_a_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "watchkeeper.toml"
    file.write_text('egress_allow = ["10.0.0.0/8"]\ntrusted_proxies = "10.0.0.0/8,b"\n')
    monkeypatch.setenv("WATCHKEEPER_CONFIG", str(file))

    found = Environment()

    assert (found.egress_allow, found.trusted_proxies) == (("10.0.0.0/8",), ("10.0.0.0/8", "b"))


@pytest.mark.parametrize("typed", ["[1", "[", '["a",'])
def test_a_list_that_is_no_json_is_refused_with_its_name(
    monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setenv("WATCHKEEPER_EGRESS_ALLOW", typed)

    with pytest.raises(ValueError, match="egress_allow"):
        Environment()
