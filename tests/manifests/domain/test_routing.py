"""Which handler a document goes to, and what is wrong before any handler looks."""

import pytest

from watchkeeper.kernel.documents import Document
from watchkeeper.manifests.domain import routing

LINES = {"metadata.name": 5}


def document(kind: str = "SLO", name: str = "a", **extra: object) -> Document:
    data = {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name}} | extra
    return Document(data, file="f.yaml", line=3, lines=LINES)


def problems(*documents: Document) -> list[str]:
    return [str(p) for p in routing.shape_problems(documents, is_known=lambda d: d.kind == "SLO")]


def test_a_whole_document_has_no_problem() -> None:
    assert problems(document()) == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("apiVersion", None, "f.yaml:3: apiVersion: the document needs apiVersion, as text"),
        ("kind", 7, "f.yaml:3: kind: the document needs kind, as text"),
        ("metadata", {}, "f.yaml:5: metadata.name: the document needs metadata.name, as text"),
        (
            "kind",
            "Potato",
            "f.yaml:3: kind: openslo/v1 Potato is not a kind that Watchkeeper knows",
        ),
    ],
)
def test_what_is_missing_is_named_with_file_and_line(
    field: str, value: object, message: str
) -> None:
    changed = Document({**document().data, field: value}, file="f.yaml", line=3, lines=LINES)

    assert problems(changed) == [message]


def test_the_same_object_twice_is_refused_at_the_second() -> None:
    [message] = problems(document(), document(name="b"), document())

    assert "SLO a stands here a second time; the first is in f.yaml line 3" in message


def test_namespaces_other_than_default_come_before_the_name() -> None:
    metadata = {"name": "a", "namespace": "shop"}

    assert routing.object_name(document(metadata=metadata)) == "shop.a"
    assert routing.object_name(document(metadata=metadata | {"namespace": "default"})) == "a"


@pytest.mark.parametrize(
    ("file", "paths", "inside"),
    [
        ("slos/a.yaml", ["slos"], True),
        ("slos/a.yaml", ["slos/"], True),
        ("./slos/a.yaml", ["slos"], True),
        ("slos/a.yaml", ["slos/a.yaml"], True),
        ("slos-old/a.yaml", ["slos"], False),
        ("other/a.yaml", ["slos", "teams"], False),
        ("a.yaml", ["."], True),
        ("/etc/a.yaml", ["."], False),
        ("a.yaml", [], False),
    ],
)
def test_prune_reaches_only_the_paths_that_were_named(
    file: str, paths: list[str], inside: bool
) -> None:
    assert routing.under(file, paths) is inside
