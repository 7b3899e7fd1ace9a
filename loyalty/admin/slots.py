"""Fields of a form ↔ places in a piece of the document. What a form doesn't show survives its being saved.

A slot is a path of keys with dots, `expiry.n`; `name@nl` is one language of a text. Only what was changed is written.
"""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from core.backoffice.forms import DressedForm

MISSING = object()


def slot_get(body: dict[str, Any], slot: str) -> Any:
    """The value at the slot; MISSING when there is none. A text without languages counts as English."""
    path, _at, language = slot.partition("@")
    found: Any = body
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            return MISSING
        found = found[key]
    if not language:
        return found
    if isinstance(found, dict):
        return found.get(language, MISSING)
    return found if language == "en" else MISSING


def slot_put(body: dict[str, Any], slot: str, value: Any) -> None:
    """Write the value there; None, or an empty text of a language, takes the key away. Other languages stay."""
    path, _at, language = slot.partition("@")
    *way, last = path.split(".")
    here = body
    for key in way:
        if not isinstance(here.get(key), dict):
            here[key] = {}
        here = here[key]
    if language:
        value = _text_with(here.get(last), language, value)
    if value is None:
        here.pop(last, None)
    else:
        here[last] = value


def _text_with(text: Any, language: str, value: Any) -> Any:
    """A text with one of its languages changed: plain as long as it is English alone."""
    texts = dict(text) if isinstance(text, dict) else {"en": text} if text else {}
    if value:
        texts[language] = value
    else:
        texts.pop(language, None)
    if not texts:
        return None
    return texts["en"] if set(texts) == {"en"} and not isinstance(text, dict) else texts


class SlotForm(DressedForm):
    """A form over one dict of a piece.

    slots: field → slot. always: fields that are written even when unchanged.
    path: where the dict stands in the piece, for the errors.
    """

    slots: ClassVar[dict[str, str]] = {}
    always: ClassVar[frozenset[str]] = frozenset()
    path: str = ""

    def __init__(self, *args: Any, body: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.body: dict[str, Any] = body or {}
        kwargs["initial"] = {**self.initial_of(self.body), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)

    def initial_of(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the fields show of the body; a field without a value there keeps its own initial."""
        found = {}
        for name, slot in self.slots.items():
            value = slot_get(body, slot)
            if value is not MISSING:
                found[name] = value
        return found

    def applied(self) -> dict[str, Any]:
        """The body with what was changed in the form. Needs a valid form."""
        body = deepcopy(self.body)
        for name, slot in self.slots.items():
            if name not in self.cleaned_data or (name not in self.changed_data and name not in self.always):
                continue
            slot_put(body, slot, plain(self.cleaned_data[name]))
        return body

    def field_at(self, path: str) -> str | None:
        """The field for a problem at this path of the form's dict: the one whose slot is the longest match."""
        best, length = None, -1
        for name, slot in self.slots.items():
            place = slot.replace("@", ".")
            whole = slot.partition("@")[0]
            for each in (place, whole):
                hit = path == each or path.startswith((f"{each}.", f"{each}[")) or each.startswith(f"{path}.")
                if hit and path and len(each) > length and name in self.fields:
                    best, length = name, len(each)
        return best

    def place_error(self, path: str, message: str) -> None:
        self.add_error(self.field_at(path), message)


def plain(value: Any) -> Any:
    """A cleaned value as the document writes it: no empty texts, decimals as whole numbers or texts."""
    if value in ("", None):
        return None
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text if "." in text else int(text)
    return value


class CodeField(forms.RegexField):
    """The code of a piece: what other pieces, entries and partners call it by."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"\A[a-z][a-z0-9_]{0,39}\Z", strip=True, **kwargs)
