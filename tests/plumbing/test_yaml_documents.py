"""Documents from text and back: lines, safe types, limits."""

import itertools
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.plumbing import yaml_documents

TWO = """\
# a comment
apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout
spec:
  objectives:
    - target: 0.999
      displayName: three nines
---
kind: Service
metadata: {name: shop}
"""


def value(text: str) -> Any:
    return yaml_documents.load(f"it: {text}")[0].data["it"]


def refused(text: str, *, file: str = "") -> InvalidError:
    with pytest.raises(InvalidError) as caught:
        yaml_documents.load(text, file=file)
    return caught.value


def test_every_path_knows_its_line() -> None:
    first, second = yaml_documents.load(TWO, file="slo.yaml")

    assert (first.kind, first.name, first.line) == ("SLO", "checkout", 2)
    assert first.line_of("spec.objectives[0].target") == 8
    assert first.line_of("spec.objectives[0].displayName") == 9
    assert first.line_of("spec.objectives[0].missing") == 8
    assert second.line_of("metadata.name") == 12
    assert str(second.problem("no", "metadata.name")) == "slo.yaml:12: metadata.name: no"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2020-01-21 12:30:00", "2020-01-21 12:30:00"),
        ("2020-01-21", "2020-01-21"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("0.999", 0.999),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("12", 12),
        ("-7", -7),
        ("true", True),
        ("off", False),
        ("null", None),
        ("~", None),
        ('"0.999"', "0.999"),
        ("v1.2.3", "v1.2.3"),
        ("!!str 5", "5"),
    ],
)
def test_values_are_of_the_types_of_json_and_times_stay_text(written: str, read: object) -> None:
    assert value(written) == read
    assert type(value(written)) is type(read)


def test_empty_documents_are_passed_over() -> None:
    assert yaml_documents.load("---\n---\n# nothing\n---\n") == []


def test_json_is_read_with_its_lines() -> None:
    [document] = yaml_documents.load('{\n  "kind": "SLO",\n\t"metadata": {"name": "a"}\n}')

    assert document.name == "a"
    assert document.line_of("metadata.name") == 3


def test_json_whose_escapes_yaml_refuses_is_read() -> None:
    [document] = yaml_documents.load('{"kind": "SLO", "title": "\\ud83d\\ude00"}')

    assert document.data["title"] == "😀"


def test_merged_keys_are_read_and_the_own_ones_win() -> None:
    text = "base: &base {a: 1, b: 2}\nit:\n  <<: *base\n  b: 3\n"

    [document] = yaml_documents.load(text)

    assert document.data["it"] == {"a": 1, "b": 3}
    assert document.line_of("it.b") == 4


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1, 2\n", 3, "not YAML"),
        ("a: 1\na: 2\n", 2, "'a' stands here a second time"),
        ("- a\n- b\n", 1, "a mapping"),
        ("just words", 1, "a mapping"),
        ("a: 1\n---\n- b\n", 3, "a mapping"),
        ("a:\n  1: x\n", 2, "the key '1' must be text"),
        ("a:\n  on: x\n", 2, "the key 'on' must be text"),
        ("? [a, b]\n: x\n", 1, "a key must be text"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "not YAML"),
        ("a: !!binary aGk=\n", 1, "not YAML"),
        ("a: !!timestamp 2020-01-01\n", 1, "not YAML"),
        ("a: !!set {x}\n", 1, "not YAML"),
        ("x: 1\na: !own thing\n", 2, "not YAML"),
        ("a: .nan\n", 1, "finite"),
        ("a: -.inf\n", 1, "finite"),
        ("a: 1e999\n", 1, "finite"),
        ("a: !!int x\n", 1, "whole number"),
        ("a: !!float x\n", 1, "not a number"),
        (f"a: {'9' * 65}\n", 1, "more than 64 digits"),
        (f"a: {'9' * 5000}\n", 1, "more than 64 digits"),
        ("a: x\0y\n", 1, "not YAML"),
        ('a: "x\\0y"\n', 1, "NUL"),
        ('"a\\0": y\n', 1, "NUL"),
        ("a: \ud800\n", 1, "Unicode"),
        ("a: *nobody\n", 1, "not YAML"),
        ("a: &a [*a]\n", 1, "deep"),
        ("a:\n\tb: 1\n", 2, "not YAML"),
        ('{"a": 1, "a": 2}', 1, "second time"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, line: int, words: str) -> None:
    error = refused(text, file="f.yaml")

    [problem] = error.problems
    assert (problem.file, problem.line) == ("f.yaml", line)
    assert words in problem.detail
    assert "\n" not in str(error)


def _billion_laughs() -> str:
    levels = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    names = "abcdefghij"
    for before, name in itertools.pairwise(names):
        levels.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(levels)


BOMBS = {
    "aliases that expand to 9^10 values": _billion_laughs(),
    "many aliases": "a: &a x\nb: [" + ", ".join(["*a"] * 101) + "]",
    "deep lists": "a: " + "[" * 10_000 + "]" * 10_000,
    "deep lists never closed": "a: " + "[" * 1_000_000,
    "deep mappings": "{a: " * 5_000 + "1" + "}" * 5_000,
    "deep blocks": "\n".join(" " * n + "a:" for n in range(500)),
    "deep json": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "many values": "a: [" + "1," * 200_000 + "1]",
    "long text": "a: " + "x" * (16 * 1024 * 1024),
    "long number": "a: " + "1" * 1_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_cost_much(name: str) -> None:
    yaml_documents.load("warm: up")
    began = time.process_time()

    refused(BOMBS[name])

    assert time.process_time() - began < 1.0


def test_what_stays_within_the_limits_is_read() -> None:
    deep = "a: " + "[" * 49 + "]" * 49
    aliases = "a: &a x\nb: [" + ", ".join(["*a"] * 100) + "]"

    assert yaml_documents.load(deep)
    assert len(yaml_documents.load(aliases)[0].data["b"]) == 100


def test_documents_are_written_for_people() -> None:
    text = yaml_documents.dump(
        [
            {
                "kind": "SLO",
                "metadata": {"name": "a", "labels": {"z": "1", "b": "yes"}},
                "spec": {
                    "objectives": [{"target": Decimal("0.9990")}],
                    "query": "sum(\n  rate(x[5m])\n)\n",
                    "start": "2020-01-21 12:30:00",
                    "at": "12:30",
                    "sha": "12e4567",
                },
            },
            {"kind": "Service"},
        ]
    )

    assert text == (
        "---\n"
        "kind: SLO\n"
        "metadata:\n"
        "  name: a\n"
        "  labels:\n"
        "    z: '1'\n"
        "    b: 'yes'\n"
        "spec:\n"
        "  objectives:\n"
        "    - target: 0.9990\n"
        "  query: |\n"
        "    sum(\n"
        "      rate(x[5m])\n"
        "    )\n"
        "  start: '2020-01-21 12:30:00'\n"
        "  at: '12:30'\n"
        "  sha: '12e4567'\n"
        "---\n"
        "kind: Service\n"
    )


def test_the_same_value_twice_is_written_in_full() -> None:
    same = {"a": ["x"]}

    assert "&" not in yaml_documents.dump([{"one": same, "two": same}])


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.from_regex(r"[-+0-9eE._:xb ]{1,10}", fullmatch=True)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), max_size=3))
def test_what_is_written_is_read_back_the_same(documents: list[dict[str, Any]]) -> None:
    read = yaml_documents.load(yaml_documents.dump(documents))

    assert [document.data for document in read] == documents


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        documents = yaml_documents.load(text, file="f")
    except InvalidError as error:
        documents, problems = [], error.problems

    assert all(isinstance(document.data, dict) for document in documents)
    assert all(problem.file == "f" and problem.line for problem in problems)
