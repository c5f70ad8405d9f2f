"""The rules of the house that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

SOURCE = Path(__file__).parents[2] / "src" / "watchkeeper"
SLICES = (
    "alerts", "audit", "catalog", "changes", "drills", "home", "identity", "manifests",
    "notifications", "oncall", "slos", "telemetry",
)  # fmt: skip
USUAL = {
    "README.md", "__init__.py", "apps.py", "domain", "models.py", "events.py", "ports.py",
    "queries.py", "queries", "usecases.py", "usecases", "api.py", "schemas.py", "forms.py",
    "views.py", "views", "urls.py", "templates", "static", "cli.py", "tasks.py", "subscribers.py",
    "manifests.py", "migrations",
}  # fmt: skip
ALSO = {
    "alerts": {"api", "cli", "forms", "middleware.py", "schemas", "subject.py"},
    "identity": {"middleware.py"},
}
DOCUMENTED = ("domain", "usecases", "queries", "ports")
LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def modules() -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public_members(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what others may call: top-level functions, classes and the methods of those."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, kinds) and not inner.name.startswith("_"):
                        yield inner


@pytest.mark.parametrize("slice_name", SLICES)
def test_a_slice_holds_only_files_whose_names_say_their_layer(slice_name: str) -> None:
    found = {path.name for path in (SOURCE / slice_name).iterdir() if path.name != "__pycache__"}

    assert found - USUAL - ALSO.get(slice_name, set()) == set()


@pytest.mark.parametrize(
    "folder", [path.parent for path in SOURCE.rglob("apps.py")] + [SOURCE / "kernel"], ids=name_of
)
def test_every_slice_says_on_one_screen_what_it_is_for(folder: Path) -> None:
    text = (folder / "README.md").read_text()

    assert 5 <= len(text.splitlines()) <= 80


def test_no_file_is_too_long_to_read() -> None:
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in modules()}

    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    long = {
        f"{name_of(path)}::{function.name}"
        for path in modules()
        for function in functions(ast.parse(path.read_text()))
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    }

    assert long == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = {
        name_of(path)
        for path in modules()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    }

    assert silent == set()


def test_all_that_others_may_call_in_the_core_layers_has_a_docstring() -> None:
    silent = {
        f"{name_of(path)}::{getattr(node, 'name', '')}"
        for path in modules()
        if set(DOCUMENTED) & {part.removesuffix(".py") for part in path.relative_to(SOURCE).parts}
        for node in public_members(ast.parse(path.read_text()))
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    }

    assert silent == set()


def test_models_are_imported_only_by_their_own_slice() -> None:
    graph = grimp.build_graph("watchkeeper")
    leaks = {
        (importer, module)
        for module in graph.modules
        if module.endswith(".models")
        for importer in graph.find_modules_that_directly_import(module)
        if importer.split(".")[1] != module.split(".")[1]
    }

    assert leaks == set()


def test_templates_hold_no_inline_style_or_script() -> None:
    bad = {
        name_of(path)
        for path in SOURCE.rglob("*.html")
        if any(mark in path.read_text() for mark in (" style=", "<style", "onclick=", "onload="))
    }

    assert bad == set()
