"""Whether what a rule asks of an event is there at all, and of the kind that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct

from loyalty.definition.acteffects import Advance
from loyalty.definition.attributes import FIXED, SHARED, Attributes, Kind, attributes_of
from loyalty.definition.comparison import Operator, Values
from loyalty.definition.conditions import AttributeTest, Condition, LineTest, conditions_in
from loyalty.definition.counters import Counter, Sum
from loyalty.definition.effects import PointsPerUnit
from loyalty.definition.limits import ValueLimit
from loyalty.definition.lines import ItemTest
from loyalty.definition.phrases import Phrase, phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.rule import Rule

_ORDER = frozenset(("gt", "ge", "lt", "le"))
_TYPES: dict[Kind, tuple[type, ...]] = {"text": (str,), "day": (str,), "number": (int, float), "flag": (bool,)}
_WORDS: dict[Kind, Phrase] = {
    "text": phrase("a text"),
    "day": phrase("a day (2027-03-01)"),
    "number": phrase("a number"),
    "flag": phrase("true or false"),
}


class Asked(Struct, frozen=True):
    """here: where in the document the path stands. operator, value: what it is compared with, if it is."""

    here: str
    path: str
    operator: Operator | None = None
    value: Values = True
    value_at: str = ""


def rule_path_problems(rule: Rule, path: str, ground: Ground) -> Problems:
    known = attributes_of(ground.document, rule.trigger)
    if known is None:
        return
    asked = [*_conditions(rule.when, f"{path}.when"), *_effects(rule, path)]
    for index, limit in enumerate(rule.limits):
        if isinstance(limit, ValueLimit):
            asked.append(Asked(f"{path}.limits[{index}].attribute", limit.attribute))
    for each in asked:
        yield from _one(each, known, rule.trigger)


def trigger_problems(trigger: str, path: str, ground: Ground) -> Problems:
    """A type of event that is nearly one that there is: nothing would ever be told of it."""
    own = {each.type for each in ground.document.event_types}
    if trigger in FIXED or trigger in SHARED or trigger in own:
        return
    close = get_close_matches(trigger, [*FIXED, *SHARED, *own], n=1, cutoff=0.85)
    if close:
        yield Problem(
            f"{path}.trigger",
            phrase("There is no type of event %(type)r.", type=trigger),
            phrase(
                "Did you mean %(name)s? A type of your own that is called so is described in event_types.",
                name=close[0],
            ),
        )


def counter_path_problems(counter: Counter, path: str, ground: Ground) -> Problems:
    known = attributes_of(ground.document, counter.trigger)
    if known is None:
        return
    asked = list(_conditions(counter.when, f"{path}.when"))
    if isinstance(counter.measure, Sum):
        asked.append(Asked(f"{path}.measure.path", counter.measure.path))
    for each in asked:
        yield from _one(each, known, counter.trigger)


def _conditions(condition: Condition | None, path: str) -> Iterator[Asked]:
    for here, node in conditions_in(condition, path):
        if isinstance(node, AttributeTest):
            yield Asked(f"{here}.path", node.path, node.operator, node.value, f"{here}.value")
        elif isinstance(node, LineTest):
            yield Asked(f"{here}.of", node.of)
            yield from _items(node.where, f"{here}.where", node.of)


def _items(tests: tuple[ItemTest, ...], path: str, head: str) -> Iterator[Asked]:
    for index, test in enumerate(tests):
        here = f"{path}[{index}]"
        yield Asked(f"{here}.path", f"{head}.{test.path}", test.operator, test.value, f"{here}.value")


def _effects(rule: Rule, path: str) -> Iterator[Asked]:
    for index, effect in enumerate(rule.effects):
        here = f"{path}.effects[{index}]"
        if hasattr(effect, "amount_of") and getattr(effect, "per_minor", 1) is not None:
            yield Asked(f"{here}.amount_of", f"{effect.amount_of}.net_minor")
        if isinstance(effect, PointsPerUnit):
            yield Asked(f"{here}.of", effect.of)
            yield from _items(effect.where, f"{here}.where", effect.of.rpartition(".")[0])
        if isinstance(effect, Advance) and effect.of is not None:
            yield Asked(f"{here}.of", effect.of)
        lines = getattr(effect, "lines", None)
        if lines is not None:
            head = f"{getattr(effect, 'amount_of', 'order')}.lines"
            yield from _items(lines.where, f"{here}.lines.where", head)
            yield from _items(lines.without, f"{here}.lines.without", head)


def _one(asked: Asked, known: Attributes, trigger: str) -> Problems:
    kind = known.get(asked.path)
    if kind is None:
        yield Problem(
            asked.here,
            phrase("There is no %(path)s in %(trigger)s.", path=asked.path, trigger=trigger),
            _nearest(asked.path, known),
        )
        return
    if asked.operator is None or asked.operator == "exists":
        return
    if kind == "object":
        yield Problem(
            asked.here, phrase("%(path)s holds other values.", path=asked.path), _nearest(f"{asked.path}.", known)
        )
        return
    values = asked.value if isinstance(asked.value, tuple) else (asked.value,)
    wrong = [each for each in values if not _fits(each, kind, asked.operator)]
    if wrong:
        yield Problem(
            asked.value_at,
            phrase(
                "%(path)s is %(what)s, so comparing it with %(wrong)r says nothing.",
                path=asked.path,
                what=_WORDS[kind],
                wrong=wrong[0],
            ),
            phrase("Say %(what)s.", what=_WORDS[kind])
            if not _ordered_text(kind, asked.operator)
            else phrase("Compare it with eq, in or contains."),
        )


def _fits(value: object, kind: Kind, operator: Operator) -> bool:
    if isinstance(value, bool) and kind != "flag":
        return False
    return isinstance(value, _TYPES[kind]) and not _ordered_text(kind, operator)


def _ordered_text(kind: Kind, operator: Operator) -> bool:
    return kind in ("text", "flag") and operator in _ORDER


def _nearest(path: str, known: Attributes) -> Phrase:
    names = [each for each, kind in known.items() if kind != "object"]
    close = get_close_matches(path, names, n=1, cutoff=0.6)
    if close:
        return phrase("Did you mean %(name)s?", name=close[0])
    if names:
        return phrase("Use one of: %(names)s.", names=", ".join(names[:20]))
    if not known:
        return phrase("This event carries nothing of its own: ask for the member instead, or wait for another event.")
    return phrase("Describe it in the schema of the event type.")
