"""The parts of the document that other rooms own. A room registers its section once, in AppConfig.ready()."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from loyalty.definition.basics import LocalText
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.shape import shape_problem
from loyalty.definition.walking import Part, parts_of

if TYPE_CHECKING:
    from loyalty.definition.document import Document
    from loyalty.definition.rule import Rule

Checker = Callable[[Any, str, Ground], Iterable[Problem]]
RuleMaker = Callable[[Any], "tuple[Rule, ...]"]
Namer = Callable[[Any], Mapping[str, LocalText]]

# The section whose names `send_message` takes; the room that sends them registers it.
MESSAGES = "messages"

_sections: dict[str, tuple[type[msgspec.Struct], Checker | None]] = {}
_makers: dict[str, RuleMaker] = {}
_namers: dict[str, Namer] = {}


def section_register(
    name: str,
    shape: type[msgspec.Struct],
    problems: Checker | None = None,
    rules: RuleMaker | None = None,
    names: Namer | None = None,
) -> None:
    """A section of the document with its type. problems(section, path, ground) checks what the type can't.

    rules(section): what the section gives, as rules like others, under codes of its own. names(section): what effects
    may name of it, by code. Registering another type under the same name is a mistake in the code: ValueError.
    """
    if name in _sections and _sections[name][0] is not shape:
        raise ValueError(f"section {name!r} is registered already")
    _sections[name] = (shape, problems)
    if rules is not None:
        _makers[name] = rules
    if names is not None:
        _namers[name] = names


def sections_known() -> dict[str, type[msgspec.Struct]]:
    """The sections that a document can have, with their types, in the order in which the rooms registered them."""
    return {name: shape for name, (shape, _checker) in _sections.items()}


def section_of(sections: dict[str, Any], name: str) -> Any:
    """The section as its type, or None when the document has none."""
    return msgspec.convert(sections[name], _sections[name][0]) if name in sections else None


def section_names(sections: Mapping[str, Any], name: str) -> Mapping[str, LocalText] | None:
    """What effects may name of the section, by code: nothing of one that isn't there. None of one that is out of
    shape, which sections_problems tells."""
    if name not in sections or name not in _namers:
        return {}
    try:
        return _namers[name](msgspec.convert(sections[name], _sections[name][0]))
    except msgspec.ValidationError:
        return None


def parts_everywhere(document: Document, kind: type[Part]) -> Iterator[tuple[str, Part]]:
    """parts_of() with what the sections hold; one that is out of shape holds nothing."""
    yield from parts_of(document, kind)
    for name in document.sections:
        try:
            section = section_of(document.sections, name) if name in _sections else None
        except msgspec.ValidationError:
            continue
        yield from parts_of(section, kind, f"sections.{name}")


def section_rules(document: Document) -> tuple[Rule, ...]:
    """The rules that sections bring, in the order that the rooms registered in. One that is out of shape, which
    sections_problems tells, brings none."""
    found: list[Rule] = []
    for name, maker in _makers.items():
        if name in document.sections:
            try:
                found += maker(section_of(document.sections, name))
            except msgspec.ValidationError:
                continue
    return tuple(found)


def sections_problems(ground: Ground) -> Problems:
    for name, raw in ground.document.sections.items():
        path = f"sections.{name}"
        if name not in _sections:
            yield unknown(path, phrase("section"), name, set(_sections))
            continue
        shape, checker = _sections[name]
        try:
            section = msgspec.convert(raw, shape)
        except msgspec.ValidationError as error:
            yield shape_problem(error, shape, raw, path)
            continue
        if checker is not None:
            yield from checker(section, path, ground)
