"""Texts that several pages share."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils import translation

DASH = "–"


class Labelled(NamedTuple):
    """What a list shows as a coloured label: by its key, with its words. On a row's own page the words alone stand."""

    key: str
    words: str

    def __str__(self) -> str:
        return self.words


def in_language(texts: Any) -> str:
    """The reader's text of {"en": …, "nl": …}, else English, else whichever there is; a plain text as it is."""
    if isinstance(texts, dict):
        language = (translation.get_language() or "en")[:2]
        found = texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
        return str(found)
    return str(texts or "")
