"""What a browser sends of a form that it was given, read from the HTML itself."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.http import QueryDict
from django.template.loader import render_to_string

from loyalty.admin.forms.editor import StructForm

BODY = "admin/loyalty/forms/body.html"


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._area: str | None = None
        self._text = ""
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "input" and name:
            if given.get("type") == "checkbox" and "checked" not in given:
                return
            self.sent.append((name, given.get("value", "").replace("\n", "").replace("\r", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # A browser drops the newline that a text area begins with, and sends lines its own way.
            self.sent.append((self._area, self._text.removeprefix("\n").replace("\n", "\r\n")))
            self._area = None
        elif tag == "select" and self._select is not None:
            chosen = [value for value, picked in self._options if picked] or [v for v, _p in self._options[:1]]
            if chosen:
                self.sent.append((self._select, chosen[0]))
            self._select = None


def fields_of_page(html: str) -> list[tuple[str, str]]:
    """Names and values, as often as they stand there."""
    reader = _Fields()
    reader.feed(html)
    return [(name, value) for name, value in reader.sent if name]


def query(pairs: list[tuple[str, str]]) -> QueryDict:
    sent = QueryDict(mutable=True)
    for name, value in pairs:
        sent.appendlist(name, value)
    return sent


def html_of(form: StructForm) -> str:
    return render_to_string(
        BODY, {"sections": form.sections(), "top": form.top_errors, "may_save": True, "form_url": "/here/"}
    )


def sent_by(form: StructForm, **more: Any) -> QueryDict:
    """What is sent when the form is saved as it was opened; more: fields that were typed over."""
    sent = query(fields_of_page(html_of(form)))
    for name, value in more.items():
        sent[name] = value
    return sent
