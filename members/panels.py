"""What higher rooms add to a member's pages in the admin: tabs, columns of the list, buttons.

They register when their admin modules are imported; this room never imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from members.models import Member

Words = Any  # str or a lazy translation


@dataclass(frozen=True)
class Panel:
    """A tab. context(request, member) fetches what its template shows; both run only when the tab is open."""

    key: str
    title: Words
    template: str
    permission: str
    context: Callable[[HttpRequest, Member], dict[str, Any]]


@dataclass(frozen=True)
class ListColumn:
    """A column of the list of members. fetch(members of the page) gives what is shown by primary key."""

    key: str
    title: Words
    fetch: Callable[[Sequence[Member]], Mapping[int, Any]]


@dataclass(frozen=True)
class Button:
    """A button on a member's page, shown to whoever has the permission."""

    title: Words
    icon: str
    permission: str
    url: Callable[[Member], str]


_panels: dict[str, Panel] = {}
_columns: dict[str, ListColumn] = {}
_buttons: list[Button] = []


def add_panel(panel: Panel) -> None:
    _panels.setdefault(panel.key, panel)


def add_column(column: ListColumn) -> None:
    _columns.setdefault(column.key, column)


def add_button(button: Button) -> None:
    _buttons.append(button)


def panels_for(request: HttpRequest) -> list[Panel]:
    """The tabs that this person may open, in the order in which the rooms stand."""
    return [panel for panel in _panels.values() if request.user.has_perm(panel.permission)]


def list_columns() -> list[ListColumn]:
    return list(_columns.values())


def buttons_for(request: HttpRequest) -> list[Button]:
    return [button for button in _buttons if request.user.has_perm(button.permission)]
