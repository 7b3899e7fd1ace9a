"""Somebody at a page of the admin who types a piece in: sees only the page's fields and buttons, and knows no types.

What the page has no field, choice or button for can't be entered, and NotOnThePage tells which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from loyalty.definition.basics import money_digits

Sent = list[tuple[str, str]]


class NotOnThePage(AssertionError):
    """The piece holds what the page gives no way to enter."""


@dataclass
class Control:
    """One field of the page. refresh: changing it asks the page anew, as its script does."""

    kind: str
    values: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    refresh: bool = False
    suffix: str = ""


class _Page(HTMLParser):
    """Fields and buttons of the form with the id `piece`, in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.controls: dict[str, Control] = {}
        self.buttons: list[str] = []
        self._inside = 'id="piece"' not in html
        self._at: Control | None = None
        self._text: str | None = None
        self._suffix = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == "piece"
        if not self._inside:
            return
        if tag == "button" and given.get("name") == "_do":
            self.buttons.append(given["value"])
        elif tag in ("input", "select", "textarea") and given.get("name"):
            self._control(tag, given)
        elif tag == "option" and self._at is not None:
            self._at.options.append(given.get("value", ""))
            if "selected" in given:
                self._at.values = [given.get("value", "")]
        elif tag == "span":
            self._suffix = "sgf-suffix" in given.get("class", "")

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text") if tag == "input" else tag
        known = self.controls.get(given["name"])
        if kind == "checkbox" and known is not None:  # after the hidden one that says that there are boxes
            known.kind = "checkbox"
        control = known or self.controls.setdefault(given["name"], Control(kind))
        control.refresh = control.refresh or "hx-post" in given
        if kind == "checkbox":
            control.options.append(given.get("value", ""))
            control.values += [given.get("value", "")] if "checked" in given else []
        elif tag == "input":
            control.values.append(given.get("value", ""))
        self._at, self._text = control, "" if tag == "textarea" else None

    def handle_data(self, text: str) -> None:
        if self._text is not None:
            self._text += text
        elif self._suffix and self._at is not None:
            self._at.suffix, self._suffix = text.strip(), False

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._at is not None and self._text is not None:
            self._at.values, self._text = [self._text.removeprefix("\n")], None
        elif tag == "select" and self._at is not None and not self._at.values:
            self._at.values = self._at.options[:1]


class Typist:
    """send: posts what the form holds and gives the page that comes back."""

    def __init__(self, html: str, send: Callable[[Sent], str]) -> None:
        self.page = _Page(html)
        self.send = send

    def sent(self) -> Sent:
        """What saving sends just now."""
        found = []
        for name, control in self.page.controls.items():
            found += [(name, value.replace("\n", "\r\n")) for value in control.values]
        return found

    def press(self, act: str) -> None:
        self.page = _Page(self.send([*self.sent(), ("_do", act)]))

    def write(self, path: str, wanted: Any) -> None:
        """Enter the value at the path."""
        if isinstance(wanted, dict):
            self._many(path, wanted)
        elif isinstance(wanted, list):
            self._list(path, wanted)
        elif wanted is None and f"drop:{path}" in self.page.buttons:
            self.press(f"drop:{path}")
        elif f"{path}.en" in self.page.controls:
            self._set(f"{path}.en", str(wanted))
        elif wanted is not None or path in self.page.controls:
            self._one(path, wanted)

    # --- names with values -----------------------------------------------------------------------------------------
    def _many(self, path: str, wanted: dict[str, Any]) -> None:
        if "object" in self._options(f"{path}.as"):
            self._set(f"{path}.as", "object")
        if f"{path}.rows" in self.page.controls:
            self._pairs(path, wanted)
            return
        if not any(name.startswith(f"{path}.") for name in self.page.controls):
            self._press_first(f"put:{path}")
        tag = next((each for each in ("kind", "type") if str(wanted.get(each)) in self._options(f"{path}.{each}")), "")
        if tag:
            self._set(f"{path}.{tag}", str(wanted[tag]))
        for name, inner in wanted.items():
            if name != tag:
                self.write(f"{path}.{name}", inner)

    def _pairs(self, path: str, wanted: dict[str, Any]) -> None:
        for at, (key, inner) in enumerate(wanted.items()):
            if f"{path}.{at}.key" not in self.page.controls:
                self._press_first(f"add:{path}")
            self._set(f"{path}.{at}.key", key)
            self.write(f"{path}.{at}.value", inner)

    # --- lists -----------------------------------------------------------------------------------------------------
    def _list(self, path: str, wanted: list[Any]) -> None:
        if "list" in self._options(f"{path}.as"):
            self._set(f"{path}.as", "list")
        control = self.page.controls.get(path)
        if control is not None and control.kind == "checkbox":
            self._tick(path, control, [str(each) for each in wanted])
        elif control is not None:
            if wanted:
                self._typed_as(path, wanted)
            money = self.page.controls[path].suffix
            self._set(path, "\n".join(_text(each, money) for each in wanted))
        else:
            self._rows(path, wanted)

    def _tick(self, path: str, control: Control, wanted: list[str]) -> None:
        missing = [each for each in wanted if each not in control.options]
        if missing and f"{path}.other" not in self.page.controls:
            raise NotOnThePage(f"{path} can't be {missing}, only {control.options}")
        if missing:
            self._set(f"{path}.other", "\n".join(missing))
        control.values = ["", *(each for each in control.options if each in wanted)]

    def _rows(self, path: str, wanted: list[Any]) -> None:
        while self._count(path) > len(wanted):
            self.press(f"remove:{path}.{self._count(path) - 1}")
        for at, each in enumerate(wanted):
            if at >= self._count(path):
                self._press_first(f"add:{path}")
            self.write(f"{path}.{at}", each)

    def _count(self, path: str) -> int:
        if f"{path}.rows" not in self.page.controls:
            raise NotOnThePage(f"There is no list at {path}")
        return int(self.page.controls[f"{path}.rows"].values[0])

    # --- single values ---------------------------------------------------------------------------------------------
    def _one(self, path: str, wanted: Any) -> None:
        self._typed_as(path, [wanted])
        control = self.page.controls.get(path)
        if control is None:
            raise NotOnThePage(f"There is no field at {path} for {wanted!r}")
        if control.kind == "checkbox":
            control.values = [each for each in control.values if each not in control.options]
            control.values += control.options if wanted else []
            return
        text = _text(wanted, control.suffix)
        if control.kind == "select" and text not in control.options:
            if "_other" not in control.options:
                raise NotOnThePage(f"{path} can't be {text!r}, only {control.options}")
            self._set(path, "_other")
            path = f"{path}.other"
        self._set(path, text)

    def _typed_as(self, path: str, wanted: list[Any]) -> None:
        kinds = self._options(f"{path}.as")
        names = {_kind(each) for each in wanted}
        name = names.pop() if len(names) == 1 else "mixed"
        if kinds and name in kinds:
            self._set(f"{path}.as", name)

    def _set(self, name: str, value: str) -> None:
        control = self.page.controls.get(name)
        if control is None:
            raise NotOnThePage(f"There is no field at {name} for {value!r}")
        if control.values == [value]:
            return
        control.values = [value]
        if control.refresh:
            self.press("refresh")

    def _options(self, name: str) -> list[str]:
        control = self.page.controls.get(name)
        return control.options if control is not None and control.kind == "select" else []

    def _press_first(self, start: str) -> None:
        act = next((each for each in self.page.buttons if each == start or each.startswith(f"{start}:")), None)
        if act is None:
            raise NotOnThePage(f"There is no button for {start}")
        self.press(act)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else "text"


def _text(value: Any, money: str) -> str:
    """The value as people type it: amounts in the money that stands beside the field."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if money and type(value) is int:
        return format(Decimal(value).scaleb(-money_digits(money)), "f")
    return "" if value is None else str(value)
