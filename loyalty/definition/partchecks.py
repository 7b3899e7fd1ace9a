"""Checks that many parts of the document share: texts, and codes that stand there twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from loyalty.definition.basics import LocalText
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems

_LANGUAGE = re.compile(r"[a-z]{2}\Z")


def text_problems(text: LocalText, path: str, most: int, *, needed: bool = True) -> Problems:
    """A text or one per language, none of them too long, none empty where one is needed."""
    texts = {"": text} if isinstance(text, str) else text
    if isinstance(text, dict) and not text:
        yield Problem(
            path, phrase("There is no text."), phrase("Write it, or one per language such as {en: …, nl: …}.")
        )
    for language, each in texts.items():
        here = f"{path}.{language}" if language else path
        if isinstance(text, dict) and not _LANGUAGE.match(language):
            yield Problem(
                here,
                phrase("%(language)r isn't a language.", language=language),
                phrase("Use two letters such as en or nl."),
            )
        if needed and not each.strip():
            yield Problem(here, phrase("The text is empty."), phrase("Write it."))
        if len(each) > most:
            yield Problem(
                here, phrase("The text has %(n)s characters.", n=len(each)), phrase("At most %(most)s.", most=most)
            )


def twice_problems(parts: Sequence[Struct], path: str, key: str = "code") -> Problems:
    """key: the field that they are known by."""
    first: dict[str, int] = {}
    for index, each in enumerate(parts):
        code = getattr(each, key)
        if code in first:
            where = f"{path}[{first[code]}]"
            yield Problem(
                f"{path}[{index}].{key}",
                phrase("%(code)r is %(where)s's %(key)s too.", code=code, where=where, key=key),
                phrase("Give it another %(key)s.", key=key),
            )
        first.setdefault(code, index)
