"""Holds the house in order: what a linter does not know, and a reader would trip over.

A file that has to break a rule is named in an allowance with its present size.
The allowance is a ratchet: it may only go down.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_PER_FILE_MAX = 400
LINES_PER_FUNCTION_MAX = 60

FILE_LINES_ALLOWED: dict[str, int] = {}
FUNCTION_LINES_ALLOWED: dict[str, int] = {}  # "path::function": lines
UNIMPORTED_ALLOWED = {  # started by name
    "server/cli.py",
    "server/generate.py",
}

SOURCE_SUFFIXES = {".py", ".ts", ".svelte", ".js", ".css"}
# Put together here, so that this file does not find itself.
LEFTOVERS = re.compile(r"\b(" + "|".join(["FIX" + "ME", "TO" + "DO", "X" * 3]) + r")\b")
PLACES = re.compile(
    r"""
    pythonhosted\.org | pypi\.(org|python)
    | registry\.(npmjs|yarnpkg)
    | (deb|security)\.debian\.org
    | file:/{3}
    | (?<![\w.])/(opt/(pypi|wheels)|work/\w+|root|home/\w+|tmp/v)/
    """,
    re.VERBOSE,
)


def kept_files():
    """What git keeps or is about to keep, so that a new file is held to the rules at once."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


FILES = kept_files()
PYTHON = [path for path in FILES if path.suffix == ".py"]
SOURCES = [
    path
    for path in FILES
    if path.suffix in SOURCE_SUFFIXES and ".gen." not in path.name and path.name != "test_tidy.py"
]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))


def lines_of(path):
    """The lines of a file that is text; a picture has none."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def lines_that_match(pattern, paths):
    return [
        f"{name_of(path)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(lines_of(path), start=1)
        if pattern.search(line)
    ]


def functions_of(path):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]


def over(sizes, limit, allowed):
    return {name: size for name, size in sizes.items() if size > allowed.get(name, limit)}


def file_sizes():
    return {name_of(path): len(lines_of(path)) for path in SOURCES}


def function_sizes():
    return {
        f"{name_of(path)}::{function.name}": function.end_lineno - function.lineno + 1
        for path in PYTHON
        for function in functions_of(path)
    }


def modules_named_in(path):
    """Every module that a file may mean: `from a import b` names a, and perhaps a.b."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*here, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def module_of(path):
    return name_of(path).removesuffix(".py").replace("/", ".")


def is_only_a_docstring(path):
    return len(tree_of(path).body) <= 1


def test_nothing_is_left_for_later():
    assert lines_that_match(LEFTOVERS, FILES) == []


def test_no_file_names_a_registry_or_a_place_on_one_machine():
    assert lines_that_match(PLACES, FILES) == []


def test_every_module_says_why_it_exists():
    assert [name_of(path) for path in PYTHON if not ast.get_docstring(tree_of(path))] == []


def test_no_file_is_too_long_to_read():
    assert over(file_sizes(), LINES_PER_FILE_MAX, FILE_LINES_ALLOWED) == {}


def test_no_function_is_too_long_to_read():
    assert over(function_sizes(), LINES_PER_FUNCTION_MAX, FUNCTION_LINES_ALLOWED) == {}


@pytest.mark.parametrize(
    ("allowed", "sizes"),
    [
        pytest.param(FILE_LINES_ALLOWED, file_sizes, id="files"),
        pytest.param(FUNCTION_LINES_ALLOWED, function_sizes, id="functions"),
    ],
)
def test_an_allowance_shrinks_with_what_it_allows(allowed, sizes):
    assert allowed == {name: size for name, size in sizes().items() if name in allowed}


def test_no_module_is_forgotten():
    named = {module for path in PYTHON for module in modules_named_in(path)}
    forgotten = [
        name_of(path)
        for path in PYTHON
        if path.relative_to(ROOT).parts[0] in {"server", "sync", "labels"}
        and "migrations" not in path.parts
        and path.name not in {"__init__.py", "__main__.py"}
        and name_of(path) not in UNIMPORTED_ALLOWED
        and module_of(path) not in named
        and not is_only_a_docstring(path)
    ]
    assert forgotten == []


def test_sync_needs_no_package_but_msgspec():
    known = sys.stdlib_module_names | {"msgspec", "sync"}
    strangers = {
        f"{name_of(path)}: {module}"
        for path in PYTHON
        if path.relative_to(ROOT).parts[0] == "sync"
        for module in modules_named_in(path)
        if module.split(".")[0] not in known
    }
    assert strangers == set()
