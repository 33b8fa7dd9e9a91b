"""The house is as it was drawn: who imports whom, what is public, and that it is documented."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import skal

ROOT = Path(skal.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(skal.__path__, "skal.") if "__main__" not in m.name
)

# Who may import whom, by the first name below skal: only what is lower. What is not listed here,
# small private modules, stopping rules and metrics, may be imported by all.
LEVELS = {"query": 0, "learners": 1, "loop": 2, "experiments": 3, "annotate": 3, "cli": 4}
ALLOWED = [("query", "nets")]  # the pool asks nets what only nets can do, once there is one
APART = ["nets", "micrographs", "datasets"]  # they know nothing of learners, nor these of them


def home_of(path):
    """Return the first name of a file below skal: ``query`` for skal/query/pool.py."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def package_of(path):
    """Return the package that the relative imports of a file start from."""
    return ["skal", *path.relative_to(ROOT).parts[:-1]]


def is_for_types(node):
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def import_nodes(tree):
    """Yield all imports of a file, those in functions too, but not those for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not is_for_types(node):
            yield from import_nodes(node)


def imports(path):
    """Yield the dotted names that a file imports, and the names it takes from them."""
    for node in import_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
            continue
        base = package_of(path)[: len(package_of(path)) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        yield from ((module, alias.name) for alias in node.names)


def skal_imports(path):
    """Return the first names below skal that a file imports."""
    found = set()
    for module, name in imports(path):
        parts = [*module.split("."), *([name] if name else [])]
        if parts[0] == "skal" and len(parts) > 1:
            found.add(parts[1])
    return found


def may_import(home, other):
    if home == other or (home, other) in ALLOWED:
        return True
    if home in APART:
        return other not in LEVELS
    if home not in LEVELS:
        return True
    return LEVELS[home] > (LEVELS["loop"] if other in APART else LEVELS.get(other, -1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    home = home_of(path)
    wrong = [other for other in skal_imports(path) if not may_import(home, other)]
    assert not wrong, f"{home} must not import {wrong}"


def reached(home, seen=()):
    """Return all first names below skal that importing one of them brings, directly or not."""
    files = [path for path in FILES if home_of(path) == home]
    direct = {other for path in files for other in skal_imports(path)} - {home, *seen}
    return direct.union(*(reached(other, (*seen, home, *direct)) for other in direct))


@pytest.mark.parametrize("home", ["query", *APART])
def test_no_detour_leads_to_learners(home):
    assert not {"learners", "loop", "experiments", "annotate", "cli"} & reached(home)


def test_scores_know_arrays_only():
    modules = {module for module, _ in imports(ROOT / "query" / "scores.py")}
    assert modules == {"concurrent.futures", "functools", "joblib", "numpy"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_private_names_of_other_libraries_are_imported_in_one_place(path):
    if path.name == "_compat.py":
        return
    private = [
        (module, name)
        for module, name in imports(path)
        if module.split(".")[0] not in ("skal", "__future__")
        and any(part.startswith("_") for part in [*module.split("."), name or ""])
    ]
    assert not private, "import these in skal/_compat.py, with the version that ends the need"


def test_importing_skal_loads_nothing_heavy():
    heavy = ["torch", "matplotlib", "fastapi", "sklearn", "pandas", "scipy", "modAL", "skorch"]
    code = f"import skal, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_learners_and_strategies_load_no_optional_library():
    heavy = ["torch", "torchvision", "skorch", "matplotlib", "fastapi", "dask", "typer", "faiss"]
    code = (
        "import sys; from skal import *; import skal.query.checks; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["skal", *MODULES])
def test_public_names_exist(name):
    module = importlib.import_module(name)
    public = getattr(module, "__all__", [])
    assert len(public) == len(set(public))
    for attribute in public:
        assert hasattr(module, attribute), f"{name}.__all__ names {attribute}, which is not there"


def test_the_names_of_skal_are_listed_and_nothing_else_is_found():
    assert set(skal.__all__) <= set(dir(skal))
    with pytest.raises(AttributeError, match="module 'skal' has no attribute 'Learner'"):
        _ = skal.Learner


def public_objects(module):
    """Yield the public classes, functions and methods that a module defines, by name."""
    for name, thing in vars(module).items():
        is_own = getattr(thing, "__module__", None) == module.__name__
        if name.startswith("_") or not is_own or not callable(thing):
            continue
        yield name, thing
        if inspect.isclass(thing):
            yield from public_methods(thing)


def public_methods(cls):
    for name, member in list(vars(cls).items()):  # pydantic adds some while one looks
        thing = getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(thing):
            yield f"{cls.__name__}.{name}", getattr(cls, name)


@pytest.mark.parametrize("name", ["skal", *MODULES])
def test_everything_public_has_a_docstring(name):
    module = importlib.import_module(name)
    assert inspect.getdoc(module), f"{name} has no docstring"
    if any(part.startswith("_") for part in name.split(".")):
        return
    silent = [label for label, thing in public_objects(module) if not inspect.getdoc(thing)]
    assert not silent, f"{name}: {silent} have no docstring"
