"""The page of settings: who may see it, and that it tells no secret."""

from pathlib import Path
from typing import Any

import pytest

from tests.pages import signed_in
from watchkeeper.plumbing import environment


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "status"), [("admin", 200), ("auditor", 200), ("manager", 404), ("viewer", 404)]
)
def test_admins_and_auditors_see_how_the_server_is_set(role: str, status: int) -> None:
    answer: Any = signed_in("alice", role).get("/settings")
    assert answer.status_code == status
    assert (b"WATCHKEEPER_LOG_LEVEL" in answer.content) is (status == 200)


def test_each_setting_says_where_it_comes_from_and_tells_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://keeper:canary@db:5432/watch"
    (tmp_path / "watchkeeper.toml").write_text(f'organisation = "Shop"\ndatabase_url = "{url}"\n')
    monkeypatch.setenv("WATCHKEEPER_DATA", str(tmp_path))
    monkeypatch.setenv("WATCHKEEPER_TOKEN", "wk_canary")
    found = {each.name: each for each in environment.told(environment.Environment())}

    assert found["WATCHKEEPER_ORGANISATION"].origin == "file"
    assert found["WATCHKEEPER_TOKEN"].origin == "environment"
    assert found["WATCHKEEPER_LOG_LEVEL"].origin == "default"
    assert found["WATCHKEEPER_DATABASE_URL"].value == "postgresql://keeper:…@db:5432/watch"
    assert all("canary" not in each.value for each in found.values())
