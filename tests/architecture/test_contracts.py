"""The house's rules that no linter knows: every room under contract, sizes, names, nothing asynchronous."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINTER = PYPROJECT["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}
OUTSIDE = {"sandbox", "bench", "programs", "tests"}
# Folders without __init__.py that hold scripts or files, not rooms.
SCRIPTS = {"bin", "docker"}
MODULE_LINES = 400
FUNCTION_LINES = 40
BANNED = {"utils", "helpers", "manager", "data", "info"}
# Django's asynchronous doors to the database, and the ways back and forth.
ASYNCHRONOUS = {
    *(
        "aget",
        "acreate",
        "aupdate",
        "adelete",
        "asave",
        "afirst",
        "alast",
        "acount",
        "aexists",
        "aiterator",
        "ain_bulk",
    ),
    *(
        "abulk_create",
        "abulk_update",
        "aget_or_create",
        "aupdate_or_create",
        "aaggregate",
        "acontains",
        "arefresh_from_db",
    ),
    *("sync_to_async", "async_to_sync"),
}


@cache
def packages() -> set[str]:
    return {path.parent.name for path in ROOT.glob("*/__init__.py")}


@cache
def product_modules() -> dict[Path, ast.Module]:
    """Every module of ours but migrations and tests, parsed."""
    folders = [ROOT / name for name in (packages() - {"tests"}) | SCRIPTS]
    paths = (path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts)
    return {path.relative_to(ROOT): ast.parse(path.read_text()) for path in paths}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_package_is_named_in_the_import_contracts() -> None:
    layered = {name.strip() for layer in CONTRACTS["rooms"]["layers"] for name in layer.split("|")}
    assert packages() - {"tests"} <= set(LINTER["root_packages"])
    assert packages() <= layered | OUTSIDE
    assert layered <= packages()
    assert set(CONTRACTS["outside"]["source_modules"]) == layered - {"config"}
    assert set(CONTRACTS["outside"]["forbidden_modules"]) == OUTSIDE


def test_types_are_checked_in_every_package() -> None:
    assert packages() | SCRIPTS <= set(PYPROJECT["tool"]["mypy"]["files"])


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in product_modules()}
    assert {path: length for path, length in lengths.items() if length > MODULE_LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{path}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path, tree in product_modules().items()
        for node in functions(tree)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def test_no_name_that_says_nothing() -> None:
    found = []
    for path, tree in product_modules().items():
        if path.stem in BANNED or BANNED & set(path.parts):
            found.append(str(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower() in BANNED:
                found.append(f"{path}:{node.lineno} {node.name}")
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in BANNED:
                found.append(f"{path}:{node.lineno} {node.id}")
    assert found == []


def test_nothing_is_asynchronous() -> None:
    found = []
    for path, tree in product_modules().items():
        for node in ast.walk(tree):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in ASYNCHRONOUS or isinstance(
                node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
            ):
                found.append(f"{path}:{node.lineno} {name or type(node).__name__}")  # type: ignore[attr-defined]  # every node here has a line
    assert found == []


def test_only_the_ledger_names_its_tables_for_writing() -> None:
    """Entries, lots and consumption are written by loyalty/ledger.py and the SQL that it calls, by nobody else."""
    found = []
    for path, tree in product_modules().items():
        if path.parts[0] in SCRIPTS | OUTSIDE or path.match("loyalty/ledger*"):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"PointsEntry", "PointsLot"}
            ):
                found.append(f"{path}:{node.lineno}")
    assert found == []


def test_records_of_choices_are_numbered_one_after_another_and_say_their_number() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(each.name[:4]) for each in records] == list(range(1, len(records) + 1))
    untold = [each.name for each in records if not each.read_text().startswith(f"# {int(each.name[:4])}. ")]
    assert not untold


def test_pages_of_the_documentation_lead_to_what_is_there() -> None:
    pages = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken
