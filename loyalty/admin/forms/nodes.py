"""Plain values of the document → what the templates show: a tree of nodes, each with its choices and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.admin.forms import values
from loyalty.admin.forms.attributes import OPERATORS, trigger_of, value_kind
from loyalty.admin.forms.kinds import add_label, choice_label, kind_label
from loyalty.admin.forms.labels import help_text, label
from loyalty.admin.forms.layouts import folded
from loyalty.admin.forms.node import Button, Node, Option
from loyalty.admin.forms.references import is_open, is_reference, lone_choice, reference_choices
from loyalty.admin.forms.shapes import (
    MISSING,
    Anything,
    Choice,
    Field,
    Flag,
    Group,
    Kinds,
    Local,
    Number,
    Pairs,
    Rows,
    Scalars,
    Shape,
    Text,
    fields_of,
    fresh,
    tag_of,
)
from loyalty.admin.forms.widgets import (
    input_type,
    is_inline,
    is_long,
    is_money,
    is_open_text,
    is_ticked,
    is_told_at_length,
)

LANGUAGES = (("en", "English"), ("nl", "Nederlands"))
DO = "_do"


class Painter:
    """Makes the nodes of one form. typed: texts that couldn't be read, shown again as they were typed."""

    def __init__(
        self, whole: Mapping[str, Any], *, trigger: str = "", typed: Mapping[str, str] | None = None, focus: str = "",
        locked: frozenset[str] = frozenset(), program: int | None = None,
    ) -> None:  # fmt: skip
        self.whole = whole
        self.trigger = trigger
        self.typed = typed or {}
        self.focus = focus
        self.locked = locked
        self.program = program
        self.money = str(whole.get("program", {}).get("money_currency", "EUR"))

    # --- structs -------------------------------------------------------------------------------------------------
    def struct(self, cls: type[Struct], plain: Mapping[str, Any], path: str) -> dict[str, Node]:
        around = self.trigger
        self.trigger = trigger_of(cls, plain.get("trigger")) or around
        found = {
            name: self.field(each, plain.get(name, MISSING), f"{path}.{name}", plain)
            for name, each in fields_of(cls).items()
        }
        self.trigger = around
        return found

    def field(self, each: Field, value: Any, path: str, beside: Mapping[str, Any]) -> Node:
        shape = each.shape
        if value is MISSING and not each.needed:
            value = each.default
        if isinstance(shape, Group | Kinds) and each.nullable:
            node = self._optional(each, shape, value, path, beside)
        else:
            node = self.shape(shape, value, path, each, beside)
        if node.kind == "local" and is_told_at_length(each):
            for child in node.children:
                child.kind = "long"
        node.label, node.help = label(each), help_text(each) or node.help
        node.needed = each.needed and not isinstance(shape, Group | Kinds | Rows | Pairs | Flag)
        node.locked = path in self.locked
        return node

    def _optional(self, each: Field, shape: Group | Kinds, value: Any, path: str, beside: Mapping[str, Any]) -> Node:
        """A part that may be left out."""
        if isinstance(shape, Group) and is_inline(shape):
            node = self.shape(shape, value or {}, path, each, beside)
            node.marks = "here kept" if value == {} else "here"
            return node
        if not isinstance(value, Mapping):
            node = Node("absent", path, wide=True)
            node.buttons = self._adds(shape, path, each.name, "put")
            node.focus = self.focus == path
            return node
        node = self.shape(shape, value, path, each, beside)
        node.marks = "here kept"
        node.wide = True
        if node.kind == "kinds" and isinstance(shape, Kinds) and self._nests(shape) and not self._is_nest(shape, value):
            node.buttons = self._adds(shape, path, each.name, "wrap")
        node.row = [Button(f"drop:{path}", _("Remove"), "close")]
        return node

    # --- shapes --------------------------------------------------------------------------------------------------
    def shape(self, shape: Shape, value: Any, path: str, each: Field | None, beside: Mapping[str, Any]) -> Node:
        match shape:
            case Group():
                plain = value if isinstance(value, Mapping) else {}
                children = list(self.struct(shape.cls, plain, path).values())
                return Node("group", path, children=children, wide=True)
            case Kinds():
                return self._kinds(shape, value, path)
            case Rows():
                return self._rows(shape, value, path, each, beside)
            case Pairs():
                return self._pairs(shape, value, path, each, beside)
            case Local():
                return self._local(value, path)
            case Scalars():
                return self._scalars(shape, value, path, beside)
            case Anything():
                return self._anything(value, path)
            case Flag():
                return Node("flag", path, value=value is True)
        return self._single(shape, value, path, each, beside)

    def _kinds(self, shape: Kinds, value: Any, path: str) -> Node:
        plain = value if isinstance(value, Mapping) else fresh(shape)
        cls = shape.of(plain) or shape.first
        known = self.struct(cls, plain, path)
        away = folded(cls)
        moved = any(name in plain for name in away)
        return Node(
            "kinds", path, wide=True, refresh=True, focus=self.focus == path, open=moved,
            type=shape.tag_field, value=tag_of(cls),
            options=[Option(tag_of(one), kind_label(one), one is cls) for one in shape.classes],
            children=[node for name, node in known.items() if name not in away],
            more=[node for name, node in known.items() if name in away],
        )  # fmt: skip

    def _rows(self, shape: Rows, value: Any, path: str, each: Field | None, beside: Mapping[str, Any]) -> Node:
        found = list(value) if isinstance(value, list | tuple) else []
        if is_ticked(each, shape):
            options = self._tick_options(shape, found, each, beside)
            if options or isinstance(shape.item, Choice) or not is_open(each):
                none = "" if options else _("There are none yet.")
                return Node("ticks", path, options=options, wide=len(options) > 4, open=is_open(each), help=none)
        if isinstance(shape.item, Text | Number) and all(_one_line(one) for one in found):
            text = self.typed.get(path, "\n".join(str(one) for one in found))
            return Node("lines", path, value=text, marks="lines", help=_("One a line."))
        name = each.name if each is not None else path.rpartition(".")[2]
        node = Node("rows", path, wide=True)
        node.children = [self._row(shape, one, path, at, len(found)) for at, one in enumerate(found)]
        node.buttons = self._adds(shape.item, path, name, "add")
        node.focus = self.focus == path
        return node

    def _row(self, shape: Rows, value: Any, path: str, at: int, count: int) -> Node:
        here = f"{path}.{at}"
        node = self.shape(shape.item, value, here, None, {})
        node.focus = node.focus or self.focus == here
        if at:
            node.row.append(Button(f"up:{here}", _("Move up"), "arrow_upward"))
        if at < count - 1:
            node.row.append(Button(f"down:{here}", _("Move down"), "arrow_downward"))
        node.row.append(Button(f"remove:{here}", _("Remove"), "close"))
        return node

    def _adds(self, shape: Shape, path: str, name: str, act: str) -> list[Button]:
        if not (isinstance(shape, Kinds) and self._nests(shape)):
            return [Button(f"{act}:{path}", add_label(name), "add")]
        nest = next(one for one in shape.classes if shape.nests(one))
        group = _("Add a group of conditions") if name in ("of", "when", "audience") else _("Add several together")
        return [
            Button(f"{act}:{path}:{tag_of(shape.first)}", add_label(name), "add"),
            Button(f"{act}:{path}:{tag_of(nest)}", group, "account_tree"),
        ]

    @staticmethod
    def _nests(shape: Kinds) -> bool:
        return any(shape.nests(one) for one in shape.classes)

    @staticmethod
    def _is_nest(shape: Kinds, value: Any) -> bool:
        cls = shape.of(value)
        return cls is not None and shape.nests(cls)

    def _tick_options(
        self, shape: Rows, found: list[Any], each: Field | None, beside: Mapping[str, Any]
    ) -> list[Option]:
        chosen = [str(one) for one in found]
        if isinstance(shape.item, Choice):
            known = [(str(one), choice_label(each, one)) for one in shape.item.values]
        else:
            known = self._known(each, beside) if each is not None else []
        kept = [(one, one) for one in chosen if one not in {value for value, _label in known}]
        known = [*known, *kept]
        # Ticks come back in the order in which they stand: what the draft has in another order than ours keeps its own.
        if chosen != [value for value, _label in known if value in chosen]:
            rank = {value: at for at, value in enumerate(chosen)}
            known = sorted(known, key=lambda pair: rank.get(pair[0], len(rank)))
        return [Option(value, text, value in chosen) for value, text in known]

    def _pairs(
        self, shape: Pairs, value: Any, path: str, each: Field | None = None, beside: Mapping[str, Any] | None = None
    ) -> Node:
        node = Node("pairs", path, wide=True, buttons=[Button(f"add:{path}", add_label(""), "add")])
        found = value if isinstance(value, Mapping) else {}
        known = self._known(each, beside or {}) if each is not None and is_open(each) else []
        for at, (key, inner) in enumerate(found.items()):
            here = f"{path}.{at}"
            name = Node("input", f"{here}.key", label=_("Name"), value=key, focus=self.focus == here)
            if known and each is not None:
                below = self._open(str(inner or ""), f"{here}.value", known, each)
            else:
                below = self.shape(shape.value, inner, f"{here}.value", None, {})
            below.label = below.label or _("Value")
            row = [Button(f"remove:{here}", _("Remove"), "close")]
            node.children.append(Node("pair", here, children=[name, below], row=row))
        return node

    def _local(self, value: Any, path: str) -> Node:
        texts = dict(value) if isinstance(value, Mapping) else {"en": value} if isinstance(value, str) else {}
        node = Node("local", path, wide=True, marks="languages" if isinstance(value, Mapping) else "")
        names = {**{each: each for each in (*dict(LANGUAGES), *texts)}, **dict(LANGUAGES)}
        for language, name in names.items():
            text = str(texts.get(language, ""))
            marks = " ".join(filter(None, ["kept" if text == "" and language in texts else "", _exact(text)]))
            kind = "long" if "\n" in text else "input"
            node.children.append(Node(kind, f"{path}.{language}", label=name, value=text, marks=marks))
        return node

    def _anything(self, value: Any, path: str) -> Node:
        kind = _plain_kind(value)
        node = Node("anything", path, type=kind, refresh=True, wide=True, marks=_exact(value))
        names = {
            "text": _("text"), "number": _("number"), "flag": _("yes or no"), "list": _("list"),
            "object": _("names with values"), "nothing": _("nothing"),
        }  # fmt: skip
        node.options = [Option(each, name, each == kind) for each, name in names.items()]
        if kind == "list":
            node.children = [self._row(Rows(Anything()), one, path, at, len(value)) for at, one in enumerate(value)]
            node.buttons = [Button(f"add:{path}", _("Add one"), "add")]
        elif kind == "object":
            pairs = self._pairs(Pairs(Text(), Anything()), value, path)
            node.children, node.buttons = pairs.children, pairs.buttons
        elif kind != "nothing":
            node.value = self.typed.get(path, values.shown(value, kind, self.money) if value is not MISSING else "")
        return node

    def _scalars(self, shape: Scalars, value: Any, path: str, beside: Mapping[str, Any]) -> Node:
        operator = str(beside.get("operator", ""))
        listed = operator in values.LISTED or (not operator and isinstance(value, list | tuple))
        if operator == "exists":
            options = [Option("yes", _("yes"), value is not False), Option("no", _("no"), value is False)]
            return Node("select", path, options=options)
        if operator and not listed and isinstance(value, list | tuple):
            value = value[0] if value else ""
        if listed and not isinstance(value, list | tuple):
            value = [] if value in (MISSING, "") else [value]
        known = value_kind(beside, self.trigger, self.whole)
        kind = values.kind_of([] if value is MISSING else value, known)
        if value in (MISSING, "", []):
            kind = known or "text"
        several = len(value) > 1 if isinstance(value, list | tuple) else False
        node = Node("value", path, type=kind, refresh=not known, help=_("One a line.") if listed else "")
        node.value = self.typed.get(path, "" if value is MISSING else values.shown(value, kind, self.money))
        node.wide = listed or several
        node.suffix = self.money if kind == "money" else ""
        node.marks = "list" if listed else ""
        names = {"text": _("text"), "number": _("number"), "flag": _("yes or no"), "mixed": _("of several kinds")}
        if kind != known:
            node.options = [Option(one, name, one == kind) for one, name in names.items()]
        return node

    def _single(self, shape: Shape, value: Any, path: str, each: Field | None, beside: Mapping[str, Any]) -> Node:
        text = "" if value is MISSING or value is None else str(value)
        if isinstance(shape, Choice):
            return self._choice(shape, text, path, each, beside)
        if each is not None and isinstance(shape, Text) and is_reference(each):
            known = self._known(each, beside)
            return self._select(text or lone_choice(each, known, beside), path, known, each)
        if is_open_text(each, shape) and each is not None:
            known = self._known(each, beside)
            if known:
                return self._open(text, path, known, each)
        if isinstance(shape, Number):
            return self._number(shape, value, path, each, beside)
        return self._text(shape, text, path)

    def _choice(self, shape: Choice, text: str, path: str, each: Field | None, beside: Mapping[str, Any]) -> Node:
        allowed = list(shape.values)
        if each is not None and each.name == "operator" and "value" in fields_of(each.owner):
            fitting = OPERATORS.get(value_kind(beside, self.trigger, self.whole), tuple(allowed))
            kept = [one for one in allowed if str(one) == text and one not in fitting]
            allowed = [*(one for one in fitting if one in allowed), *kept]
        node = self._select(text, path, [(str(one), choice_label(each, one)) for one in allowed], each)
        node.refresh = each is not None and each.name in ("operator", "measure", "valid")
        return node

    def _select(self, text: str, path: str, known: list[tuple[str, str]], each: Field | None) -> Node:
        options = [Option(value, name, value == text) for value, name in known]
        if each is not None and (each.nullable or (not each.needed and text == "")):
            options.insert(0, Option("", _("–"), text == ""))
        if text and text not in {one.value for one in options}:
            options.append(Option(text, text, True))
        refresh = each is not None and each.name == "ladder"
        return Node("select", path, value=text, options=options, refresh=refresh)

    def _open(self, text: str, path: str, known: list[tuple[str, str]], each: Field) -> Node:
        values_known = {value for value, _name in known}
        other = text not in values_known if text else self.typed.get(path) == "_other"
        options = [Option(value, name, value == text) for value, name in known]
        if text == "" and not each.needed:
            options.insert(0, Option("", _("–"), True))
        options.append(Option("_other", _("something else …"), other))
        return Node(
            "open", path, options=options, value=text if other else "", open=other,
            refresh=each.name in ("trigger", "path", "attribute"),
        )  # fmt: skip

    def _known(self, each: Field, beside: Mapping[str, Any]) -> list[tuple[str, str]]:
        return reference_choices(each, self.whole, beside, self.trigger, self.program)

    def _number(self, shape: Number, value: Any, path: str, each: Field | None, beside: Mapping[str, Any]) -> Node:
        text = "" if value is MISSING or value is None else str(value)
        node = Node("input", path, value=self.typed.get(path, text), attrs={"inputmode": "decimal"})
        if is_money(each, shape):
            money = str(beside.get("money_currency") or self.money)
            node.value = self.typed.get(path, values.money_shown(value, money) if type(value) is int else text)
            node.suffix = money
        elif shape.kind == "int":
            node.attrs = {"inputmode": "numeric"}
        return node

    def _text(self, shape: Shape, text: str, path: str) -> Node:
        shape = shape if isinstance(shape, Text) else Text()
        if shape.hidden:
            return Node("hidden", path, value=text)
        kind = "long" if is_long(shape) or "\n" in text else "input"
        node = Node(kind, path, value=text, type=input_type(shape), marks=_exact(text))
        if shape.most is not None:
            node.attrs["maxlength"] = str(shape.most)
        if shape.pattern and shape.example and node.type == "text":
            node.attrs["placeholder"] = shape.example
        return node


def _exact(text: Any) -> str:
    """A mark for a text whose spaces at its ends are meant."""
    return "exact" if isinstance(text, str) and text != text.strip() else ""


def _one_line(value: Any) -> bool:
    text = str(value)
    return text == text.strip() and "\n" not in text and text != ""


def _plain_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list | tuple):
        return "list"
    if isinstance(value, Mapping):
        return "object"
    return "nothing" if value is None else "text"
