"""Checks of a document that other rooms make before it is published: what only their own tables can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loyalty.definition.document import Document
from loyalty.definition.problems import Problem
from loyalty.models import Program

Check = Callable[[Program, Document], Iterable[Problem]]
_checks: list[Check] = []


def on_publish_check(check: Check) -> None:
    """Called once in ready()."""
    if check not in _checks:
        _checks.append(check)


def rooms_problems(program: Program, document: Document) -> list[Problem]:
    """What the rooms have against the document becoming this program's."""
    return [problem for check in _checks for problem in check(program, document)]
