"""What can be wrong with rules, one by one and among each other."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations

from loyalty.definition.compile import rule_currencies
from loyalty.definition.conditions import MAX_DEPTH, MAX_NODES, OF_MEMBER, condition_size, conditions_in
from loyalty.definition.document import Document
from loyalty.definition.effects import Multiply, effect_currency
from loyalty.definition.limitchecks import limits_problems
from loyalty.definition.limits import Cooldown, EventLimit
from loyalty.definition.moneyloops import money_loop_problems
from loyalty.definition.neverchecks import never_problems
from loyalty.definition.pathchecks import rule_path_problems
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.rule import CapGroup, Rule

_BEST = ("best_for_member", "best_for_brand")


def rules_problems(document: Document, ground: Ground) -> Problems:
    for index, rule in enumerate(document.rules):
        yield from _rule(rule, f"rules[{index}]", ground)
    yield from _ties(document, ground)
    yield from money_loop_problems(ground)


def _rule(rule: Rule, path: str, ground: Ground) -> Problems:
    if not 1 <= len(rule.effects) <= 10:
        yield Problem(f"{path}.effects", f"The rule has {len(rule.effects)} effects.", "Give it 1 to 10.")
    for index, effect in enumerate(rule.effects):
        yield from effect.problems(f"{path}.effects[{index}]", ground)
        if isinstance(effect, Multiply):
            yield from _multiplies_something(rule, effect, f"{path}.effects[{index}]", ground)
    yield from _when(rule, path, ground)
    yield from _audience(rule, path, ground)
    yield from rule_path_problems(rule, path, ground)
    yield from never_problems(rule, path, ground)
    yield from _schedule(rule, path)
    if len(rule.limits) > 10:
        yield Problem(f"{path}.limits", f"There are {len(rule.limits)} limits.", "At most 10.")
    yield from limits_problems(rule.limits[:10], f"{path}.limits", rule_currencies(rule), ground)
    for index, limit in enumerate(rule.limits):
        if isinstance(limit, EventLimit) and limit.measure == "times":
            yield Problem(
                f"{path}.limits[{index}]", "A rule fires once an event anyway.", "Limit points, or use a cap group."
            )
    for index, code in enumerate(rule.caps):
        if code not in ground.cap_groups:
            yield unknown(f"{path}.caps[{index}]", "cap group", code, ground.cap_groups)
        elif code in rule.caps[:index]:
            yield Problem(f"{path}.caps[{index}]", f"{code!r} is named twice.", "Name it once.")
    yield from _in_best_group(rule, path, ground)


def _when(rule: Rule, path: str, ground: Ground) -> Problems:
    if rule.when is None:
        return
    depth, nodes = condition_size(rule.when)
    if depth > MAX_DEPTH or nodes > MAX_NODES:
        yield Problem(
            f"{path}.when",
            f"The conditions are {depth} deep and {nodes} in number.",
            f"At most {MAX_DEPTH} deep and {MAX_NODES} in number; split the rule.",
        )
        return
    yield from rule.when.problems(f"{path}.when", ground)


def _audience(rule: Rule, path: str, ground: Ground) -> Problems:
    if rule.audience is None:
        return
    depth, nodes = condition_size(rule.audience)
    if depth > MAX_DEPTH or nodes > MAX_NODES:
        yield Problem(f"{path}.audience", "The audience has too many conditions.", "Make a segment of it.")
        return
    for here, node in conditions_in(rule.audience, f"{path}.audience"):
        if not isinstance(node, OF_MEMBER):
            yield Problem(here, "An audience asks about the member only.", "Move this test to the rule's conditions.")
    yield from rule.audience.problems(f"{path}.audience", ground)


def _schedule(rule: Rule, path: str) -> Problems:
    if rule.schedule is None:
        return
    sides = {}
    for name in ("starts_at", "ends_at"):
        text = getattr(rule.schedule, name)
        if text is None:
            continue
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or not 1970 <= moment.year <= 9000:
            yield Problem(f"{path}.schedule.{name}", f"There is no {text}.", "Say a date and time, 2027-03-01T00:00.")
        else:
            sides[name] = moment
    if len(sides) == 2 and sides["ends_at"] <= sides["starts_at"]:
        yield Problem(
            f"{path}.schedule.ends_at",
            "The rule can never fire: it ends before it starts.",
            "Let it end after it starts.",
        )


def _multiplies_something(rule: Rule, effect: Multiply, path: str, ground: Ground) -> Problems:
    everything = not effect.groups and not effect.rules
    for other in ground.document.rules:
        chosen = everything or other.group in effect.groups or other.code in effect.rules
        if not chosen or other.trigger != rule.trigger or not other.enabled:
            continue
        if any(not isinstance(each, Multiply) and effect_currency(each) == effect.currency for each in other.effects):
            return
    yield Problem(
        path,
        f"There is nothing to multiply: no enabled rule for {rule.trigger} gives {effect.currency} there.",
        "Name rules or groups that do, or add one.",
    )


def _in_best_group(rule: Rule, path: str, ground: Ground) -> Problems:
    mode = ground.document.stacking.get(rule.group, "all")
    if mode not in _BEST:
        return
    if rule.stop:
        yield Problem(f"{path}.stop", f"In group {rule.group!r} only the best fires anyway.", "Leave stop out.")
    kinds = {
        isinstance(effect, Multiply)
        for other in ground.document.rules
        if other.group == rule.group and other.trigger == rule.trigger
        for effect in other.effects
    }
    if len(kinds) > 1:
        yield Problem(
            f"{path}.group",
            f"Group {rule.group!r} compares multipliers with rules that give points.",
            "Put multipliers in a stacking group of their own.",
        )


def _ties(document: Document, ground: Ground) -> Problems:
    """Rules that would be tried in no particular order although the order matters."""
    same: dict[tuple[str, int], list[int]] = {}
    for index, rule in enumerate(document.rules):
        if rule.enabled:
            same.setdefault((rule.trigger, rule.priority), []).append(index)
    for indexes in same.values():
        for first, second in combinations(indexes, 2):
            one, other = document.rules[first], document.rules[second]
            reason = _why_order_matters(one, other, document, ground)
            if reason and _overlap(one, other):
                yield Problem(
                    f"rules[{second}].priority",
                    f"{other.code!r} and {one.code!r} have the same priority, and {reason}.",
                    "Give one of them a higher priority; the higher goes first.",
                )
                break


def _why_order_matters(one: Rule, other: Rule, document: Document, ground: Ground) -> str:
    if one.group == other.group:
        if document.stacking.get(one.group) == "first_match":
            return f"in group {one.group!r} only the first fires"
        if one.stop or other.stop:
            return f"one of them stops the rest of group {one.group!r}"
    for code in one.caps:
        if code in other.caps and code in ground.cap_groups and _uneven(ground.cap_groups[code]):
            return f"both count towards cap group {code!r}, where the first one may leave no room"
    return ""


def _uneven(group: CapGroup) -> bool:
    """Whether who comes first changes how much is given in all; cutting points to fit doesn't."""
    return any(
        isinstance(each, Cooldown) or each.on_excess == "reject" or each.measure == "times" for each in group.limits
    )


def _overlap(one: Rule, other: Rule) -> bool:
    """Whether there is a time at which both hold. The texts sort as the times do."""
    first = one.schedule
    second = other.schedule
    if first is None or second is None:
        return True
    return (first.starts_at or "") < (second.ends_at or "~") and (second.starts_at or "") < (first.ends_at or "~")
