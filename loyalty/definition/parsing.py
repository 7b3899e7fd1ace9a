"""Text to plain values, refusing what is ambiguous or dangerous: duplicate keys, aliases, NaN, bombs.

YAML is read by the 1.2 core schema as far as it goes (true/false, null, decimal numbers), so that `no`, `16:30` and
`2027-03-01` are texts. Explicit tags beyond the plain ones are refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import yaml

from loyalty.definition.phrases import Phrase, phrase
from loyalty.definition.problems import DefinitionError, Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_TEXT = 5_000
MAX_NUMBER = 10**18

_UNUSABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def parse(source: bytes | str) -> Any:
    """JSON when it starts with a brace, else YAML. DefinitionError with one problem when it can't be read."""
    text = _text(source)
    try:
        return _json(text) if text.lstrip()[:1] in ("{", "[") else _yaml(text)
    except RecursionError:
        raise _refusal(
            phrase("It is nested too deeply."), phrase("At most %(depth)s levels.", depth=MAX_DEPTH)
        ) from None


def plain_problem(value: Any) -> Problem | None:
    """The first thing in plain values that no document may hold; None when there is nothing."""
    stack: list[tuple[str, Any, int]] = [("", value, 0)]
    nodes = 0
    while stack:
        path, each, depth = stack.pop()
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            return Problem(
                path,
                phrase("The document is too large."),
                phrase("At most %(depth)s levels and %(nodes)s values.", depth=MAX_DEPTH, nodes=MAX_NODES),
            )
        if isinstance(each, dict):
            for key, inner in each.items():
                if not isinstance(key, str):
                    return Problem(path, phrase("The key %(key)r isn't a text.", key=key), phrase("Put it in quotes."))
                if _UNUSABLE.search(key):
                    return Problem(path, phrase("A key holds control characters."), phrase("Take them out."))
                stack.append((f"{path}.{key}" if path else key, inner, depth + 1))
        elif isinstance(each, list | tuple):
            stack += [(f"{path}[{index}]", inner, depth + 1) for index, inner in enumerate(each)]
        else:
            problem = _scalar_problem(path, each)
            if problem is not None:
                return problem
    return None


def _scalar_problem(path: str, value: Any) -> Problem | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return Problem(
                path,
                phrase("The text has %(n)s characters.", n=len(value)),
                phrase("At most %(most)s.", most=MAX_TEXT),
            )
        if _UNUSABLE.search(value):
            return Problem(
                path, phrase("The text holds control characters or half a character."), phrase("Take them out.")
            )
        return None
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > MAX_NUMBER:
            return Problem(path, phrase("That number can't be used."), phrase("Say an ordinary number."))
        return None
    return Problem(
        path,
        phrase("A %(name)s can't be used here.", name=type(value).__name__),
        phrase("Say a text, a number, true or false."),
    )


def _text(source: bytes | str) -> str:
    if len(source) > MAX_BYTES:
        raise _refusal(phrase("The file is too large."), phrase("At most %(n)s bytes.", n=f"{MAX_BYTES:,}"))
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(
            phrase("Byte %(start)s isn't UTF-8.", start=error.start), phrase("Save the file as UTF-8.")
        ) from None


def _refusal(problem: Phrase, mend: Phrase, path: str = "") -> DefinitionError:
    return DefinitionError([Problem(path, problem, mend)])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _refusal(phrase("The key %(key)r stands there twice.", key=key), phrase("Keep one of the two."))
        found[key] = value
    return found


def _not_finite(name: str) -> float:
    raise _refusal(phrase("%(name)s isn't a number that can be used.", name=name), phrase("Say an ordinary number."))


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_not_finite)
    except json.JSONDecodeError as error:
        raise _refusal(
            phrase(
                "Line %(line)s, column %(column)s: %(problem)s.",
                line=error.lineno,
                column=error.colno,
                problem=error.msg,
            ),
            phrase("Mend the JSON there."),
        ) from None
    except DefinitionError:
        raise
    except ValueError:  # more digits than Python turns into a number
        raise _refusal(phrase("A number has too many digits."), phrase("Say an ordinary number.")) from None


class _Loader(yaml.SafeLoader):
    """Safe, without aliases, with keys once, and with depth bounded while it reads."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias (*name) stands there; aliases aren't allowed")
        if self._depth > MAX_DEPTH:
            raise RecursionError
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: the key isn't a text; put it in quotes")
            if key in seen:
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: the key {key!r} stands there twice")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what this loader or an older one would take for something else than a text. No aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_FLOAT = (
    r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN))$"
)
_RESOLVERS: tuple[tuple[str, str, str], ...] = (
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", _FLOAT, "-+0123456789."),
)
for _tag, _pattern, _first in _RESOLVERS:
    _starts = ["" if each == "\0" else each for each in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _starts)
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _starts)


def _yaml(text: str) -> Any:
    make: Callable[[str], Any] = _Loader
    try:
        loader = make(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _refusal(
            phrase("Line %(line)s: %(problem)s.", line=line, problem=error.problem or error.context),
            phrase("Mend the YAML there."),
        ) from None
    except yaml.YAMLError as error:
        raise _refusal(phrase("%(what)s.", what=str(error)[:200]), phrase("Mend the YAML there.")) from None
    except (ValueError, OverflowError, TypeError):
        raise _refusal(phrase("A value can't be read."), phrase("Say plain texts and numbers.")) from None


def yaml_text(value: Any) -> str:
    """Plain values as YAML that parse() reads back to the same."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
