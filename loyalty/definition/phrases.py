"""Texts that are English until somebody says them in another language: marked, and put together from marked parts."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], str]


def N_(message: str) -> str:  # noqa: N802  (the name that extractors know)
    """Mark a message for extraction; it is translated where it is shown."""
    return message


class Phrase(str):
    """The text in English. message, values: what it was made of, so that `told` can make it anew in another language.

    small: it goes on in the middle of a sentence, so it starts with a small letter.
    """

    __slots__ = ("message", "small", "values")
    message: str
    values: dict[str, object]
    small: bool


class Spoken(str):
    """A piece of the document in words, within a phrase: in English, and by `words` in another language."""

    __slots__ = ("words",)
    words: Callable[[Say, str], str]


def spoken(words: Callable[[Say, str], str]) -> Spoken:
    """words(say, language): the piece's own sentence."""
    made = Spoken(words(str, "en"))
    made.words = words
    return made


def phrase(message: str, **values: object) -> Phrase:
    """A phrase of a message with named placeholders; values may be phrases too. bin/messages.py finds the message."""
    return _made(message, values, small=False)


def phrase_within(message: str) -> Phrase:
    """A sentence that stands elsewhere, as part of another one: without its stop and its capital."""
    return _made(message, {}, small=True)


def phrases_or(parts: list[Phrase]) -> Phrase:
    """One of these: "a text or a list"."""
    made = parts[0]
    for each in parts[1:]:
        made = phrase("%(this)s or %(that)s", this=made, that=each)
    return made


def told(text: str, say: Say, language: str = "en") -> str:
    """The text as `say` has it, with everything in it; a text that is no phrase as it is. language: of the names that
    the document itself has."""
    if isinstance(text, Spoken):
        return text.words(say, language)
    if not isinstance(text, Phrase):
        return text
    values = {name: told(each, say, language) if isinstance(each, str) else each for name, each in text.values.items()}
    return _put(say(text.message), values, small=text.small)


def _made(message: str, values: dict[str, object], *, small: bool) -> Phrase:
    made = Phrase(_put(message, values, small=small))
    made.message, made.values, made.small = message, values, small
    return made


def _put(message: str, values: dict[str, object], *, small: bool) -> str:
    text = message % values if values else message
    return text[:1].lower() + text[1:].rstrip(".") if small else text
