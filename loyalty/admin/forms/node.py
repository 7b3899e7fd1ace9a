"""What a template shows: a field with its choices, errors and buttons, or a part that holds others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass
class Button:
    """A change of the form's rows: `act` is what it sends."""

    act: str
    label: str
    icon: str = ""


LONG = 32  # signs that fit into a select of one column on a tablet


@dataclass
class Node:
    """kind: which template. path: name of its field. wide: takes the whole width of the page."""

    kind: str
    path: str
    label: str = ""
    help: str = ""
    value: Any = ""
    type: str = "text"
    needed: bool = False
    wide: bool = False
    refresh: bool = False
    focus: bool = False
    locked: bool = False
    open: bool = False
    marks: str = ""
    suffix: str = ""
    attrs: dict[str, str] = field(default_factory=dict)
    options: list[Option] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    more: list[Node] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    row: list[Button] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.path.replace(".", "-")

    @property
    def chosen_label(self) -> str:
        return next((each.label for each in self.options if each.chosen), "")

    @property
    def long(self) -> bool:
        """Whether there is a choice that the width of one column would cut off."""
        return any(len(each.label) > LONG for each in self.options) and self.kind in ("select", "open")

    @property
    def template(self) -> str:
        return f"admin/loyalty/forms/{self.kind}.html"

    @property
    def below(self) -> list[Node]:
        return [*self.children, *self.more]
