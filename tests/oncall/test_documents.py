"""Schedules as code: apply, plan, prune and export, from the files that a person writes."""

import pytest

from tests.factories import HOST, make_user
from tests.oncall.making import MONDAY, now_on, override
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Applied, Apply
from watchkeeper.oncall import queries
from watchkeeper.plumbing import yaml_documents

pytestmark = pytest.mark.django_db

FILE = """\
apiVersion: watchkeeper/v1
kind: Schedule
metadata:
  name: primary
spec:
  owner: shop-team
  timeZone: America/Chicago
  layers:
    - name: weekdays
      rotation:
        unit: week
        every: 1
        start: 2026-01-05T09:00:00
        members: [alice, [bob, carol]]
      restrictions:
        - days: [mon, tue, wed, thu, fri]
          from: "09:00"
          to: "17:00"
  overrides:
    - {start: 2026-03-03T09:00:00, end: 2026-03-04T09:00:00, person: dave, replaces: alice}
"""


def apply(text: str = FILE, *, plan: bool = False, prune: bool = False) -> Applied:
    documents = yaml_documents.load(text, file="oncall/primary.yaml")
    request = Apply(documents=documents, paths=["oncall"], plan=plan, prune=prune)
    return manifests.apply(request, actor=HOST, now=MONDAY)


def actions(applied: Applied) -> list[str]:
    return [change.action.value for change in applied.changes if change.kind == "Schedule"]


def test_what_is_applied_is_exported_the_same_and_applied_again_changes_nothing() -> None:
    assert actions(apply()) == ["create"]
    exported = [d for d in manifests.export(actor=HOST) if d["kind"] == "Schedule"]

    assert exported == [yaml_documents.load(FILE)[0].data]
    assert actions(apply(yaml_documents.dump(exported))) == ["unchanged"]


def test_a_plan_tells_and_does_nothing() -> None:
    assert actions(apply(plan=True)) == ["create"]
    assert queries.schedule_rows() == []
    apply()

    planned = apply(FILE.replace("09:00", "08:00"), plan=True)

    assert actions(planned) == ["update"]
    assert {field.path for field in planned.changes[0].fields} == {
        "spec.layers", "spec.overrides",
    }  # fmt: skip
    assert now_on("2026-03-02 14:30") == {"primary": ""}


def test_people_whom_nobody_knows_are_a_warning_with_its_line_and_no_refusal() -> None:
    for name in ("alice", "bob", "carol"):
        make_user(name)

    applied = apply()

    [finding] = applied.findings
    assert finding.severity.value == "warning"
    assert (finding.problem.file, finding.problem.line) == ("oncall/primary.yaml", 20)
    assert finding.problem.detail == "there is no person dave; nobody can be paged there"
    make_user("dave")
    assert apply().findings == ()


def test_people_of_the_same_files_are_known() -> None:
    people = "".join(
        f"---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\n"
        "spec: {memberOf: []}\n"
        for name in ("alice", "bob", "carol", "dave")
    )

    assert apply(f"{FILE}{people}").findings == ()


def test_what_left_the_files_is_pruned_with_its_overrides_kept_on_record() -> None:
    apply()
    make_user("erin")
    override("2026-03-09 06:00", "2026-03-09 12:00", "erin")

    assert actions(apply("", prune=True)) == ["remove"]
    assert queries.schedule_rows() == []


def test_faults_are_told_with_file_and_line_and_nothing_is_applied() -> None:
    wrong = FILE.replace("America/Chicago", "Chicago")

    with pytest.raises(InvalidError) as refused:
        apply(wrong)

    [problem] = refused.value.problems
    assert str(problem) == (
        "oncall/primary.yaml:7: spec.timeZone: "
        "'Chicago' is not a time zone, as Europe/Berlin or UTC"
    )
    assert queries.schedule_rows() == []
