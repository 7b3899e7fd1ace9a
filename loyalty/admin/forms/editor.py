"""One piece of the draft as a form: made from what there is, or from what was sent; rows changed; written back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.admin.forms.actions import act
from loyalty.admin.forms.eventfields import EventTypeForm, form_of, from_form, path_on_form, to_form, twice_named
from loyalty.admin.forms.layouts import sections_of
from loyalty.admin.forms.node import Node
from loyalty.admin.forms.nodes import DO, Painter
from loyalty.admin.forms.reading import Reader
from loyalty.admin.forms.shapes import canonical, fresh_fields
from loyalty.definition.problems import problems_told
from loyalty.definition.shape import is_missing, shape_problem

Plain = dict[str, Any]
ROOT = "p"
_INDEX = re.compile(r"\[(\d+)\]")


class StructForm:
    """A form over one struct. plain: what stands in it just now. errors: by path of the field, "" for the whole.

    program: whose piece it is, for what other rooms have of that program. shown: what the struct is edited as.
    """

    def __init__(
        self, cls: type[Struct], *, plain: Plain | None, whole: Mapping[str, Any], sent: QueryDict | None = None,
        key: str = "", root: str = ROOT, program: int | None = None,
    ) -> None:  # fmt: skip
        self.cls = cls
        self.before = plain
        self.whole = whole
        self.sent = sent
        self.key = key if plain is not None else ""
        self.root = root
        self.focus = ""
        self.errors: dict[str, list[str]] = {}
        self.typed: dict[str, str] = {}
        self.program = program
        # A schema beyond plain fields was shown, and is sent, as names with values.
        beyond = sent is not None and f"{root}.schema.rows" in sent
        self.shown = cls if beyond else form_of(cls, plain if sent is None else None)
        self.plain: Plain = deepcopy(plain) if plain is not None else fresh_fields(self.shown)
        if plain is not None and self.shown is EventTypeForm:
            self.plain = to_form(self.plain)
        if sent is not None:
            self._read(sent)

    def _read(self, sent: QueryDict) -> None:
        reader = Reader(sent, self.whole, _trigger(sent, self.root))
        self.plain = reader.struct(self.shown, self.root)
        self.errors, self.typed = reader.errors, reader.typed
        if self.key and self.before is not None:
            self.plain[self.key] = self.before[self.key]
        if sent.get(DO):
            self.focus = act(self.shown, self.plain, self.root, sent.get(DO, ""))

    @property
    def acted(self) -> bool:
        """Whether rows were changed or the form is to be shown anew, which saves nothing."""
        return self.sent is not None and DO in self.sent

    def made(self) -> Plain | None:
        """The piece as the document writes it; None with the errors placed when it isn't in shape."""
        if self.errors:
            return None
        try:
            made = canonical(self.shown, self.plain)
        except msgspec.ValidationError as error:
            problem = shape_problem(error, self.shown, self.plain)
            (told,) = problems_told([problem], _)
            if is_missing(problem):
                # Beside its field, which says what it takes.
                told.update(problem=_("Fill this in."), mend="")
            self.place([told])
            return None
        if self.shown is not EventTypeForm:
            return made
        for path in twice_named(made):
            self.errors.setdefault(field_path(path, self.root), []).append(_("This name stands here twice."))
        return canonical(self.cls, from_form(made)) if not self.errors else None

    def place(self, problems: Sequence[Mapping[str, str]]) -> None:
        """Put each {path, problem, mend}, its path from the piece, beside the field that it is about."""
        for each in problems:
            message = f"{each['problem']} {each['mend']}".strip()
            path = path_on_form(each["path"], self.plain) if self.shown is EventTypeForm else each["path"]
            self.errors.setdefault(field_path(path, self.root), []).append(message)

    def refuse(self, message: str) -> None:
        self.errors.setdefault("", []).append(message)

    # --- what the template shows ---------------------------------------------------------------------------------
    def sections(self) -> list[tuple[str, list[Node]]]:
        locked = frozenset({f"{self.root}.{self.key}"}) if self.key else frozenset[str]()
        painter = Painter(
            self.whole, trigger=str(self.plain.get("trigger") or self.plain.get("event_type") or ""), typed=self.typed,
            focus=self.focus, locked=locked, program=self.program,
        )  # fmt: skip
        nodes = painter.struct(self.shown, self.plain, self.root)
        if not self.acted:
            self._tell(list(nodes.values()))
        return [(title, [nodes[name] for name in names]) for title, names in sections_of(self.shown)]

    def _tell(self, nodes: list[Node]) -> None:
        """Errors to the node of their path, or the nearest one around it."""
        known = {node.path: node for node in _all(nodes)}
        self.top: list[str] = []
        for path, messages in self.errors.items():
            here = path
            while here and here not in known:
                here = here.rpartition(".")[0]
            (known[here].errors if here else self.top).extend(messages)
        for node in known.values():
            node.open = node.open or any(each.errors for each in _all(node.more))

    @property
    def top_errors(self) -> list[str]:
        return getattr(self, "top", [])


def field_path(path: str, root: str = ROOT) -> str:
    """`effects[0].points` of the piece as the name of its field, `p.effects.0.points`; "" for the whole piece."""
    if not path:
        return ""
    return f"{root}.{_INDEX.sub(_step, path).lstrip('.')}"


def _step(found: re.Match[str]) -> str:
    return f".{found[1]}"


def _trigger(sent: QueryDict, root: str) -> str:
    for name in ("trigger", "event_type"):
        chosen = sent.get(f"{root}.{name}", "")
        if chosen:
            return str(sent.get(f"{root}.{name}.other", "")) if chosen == "_other" else str(chosen)
    return ""


def _all(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all(node.below)
