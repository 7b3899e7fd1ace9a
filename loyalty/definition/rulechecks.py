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
from loyalty.definition.pathchecks import rule_path_problems, trigger_problems
from loyalty.definition.phrases import Phrase, phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.rule import CapGroup, Rule

_BEST = ("best_for_member", "best_for_brand")


def rules_problems(document: Document, ground: Ground) -> Problems:
    for index, rule in enumerate(document.rules):
        yield from _rule(rule, f"rules[{index}]", ground)
    yield from _ties(document, ground)
    yield from _empty_groups(ground)
    yield from money_loop_problems(ground)


def _rule(rule: Rule, path: str, ground: Ground) -> Problems:
    if not 1 <= len(rule.effects) <= 10:
        yield Problem(
            f"{path}.effects", phrase("The rule has %(n)s effects.", n=len(rule.effects)), phrase("Give it 1 to 10.")
        )
    for index, effect in enumerate(rule.effects):
        yield from effect.problems(f"{path}.effects[{index}]", ground)
        if isinstance(effect, Multiply):
            yield from _multiplies_something(rule, effect, f"{path}.effects[{index}]", ground)
    yield from _when(rule, path, ground)
    yield from _audience(rule, path, ground)
    yield from trigger_problems(rule.trigger, path, ground)
    yield from rule_path_problems(rule, path, ground)
    yield from never_problems(rule, path, ground)
    yield from _schedule(rule, path)
    if len(rule.limits) > 10:
        yield Problem(f"{path}.limits", phrase("There are %(n)s limits.", n=len(rule.limits)), phrase("At most 10."))
    yield from limits_problems(rule.limits[:10], f"{path}.limits", rule_currencies(rule), ground)
    for index, limit in enumerate(rule.limits):
        if isinstance(limit, EventLimit) and limit.measure == "times":
            yield Problem(
                f"{path}.limits[{index}]",
                phrase("A rule fires once an event anyway."),
                phrase("Limit points, or use a cap group."),
            )
    for index, code in enumerate(rule.caps):
        if code not in ground.cap_groups:
            yield unknown(f"{path}.caps[{index}]", phrase("cap group"), code, ground.cap_groups)
        elif code in rule.caps[:index]:
            yield Problem(
                f"{path}.caps[{index}]", phrase("%(code)r is named twice.", code=code), phrase("Name it once.")
            )
    yield from _in_best_group(rule, path, ground)


def _when(rule: Rule, path: str, ground: Ground) -> Problems:
    if rule.when is None:
        return
    depth, nodes = condition_size(rule.when)
    if depth > MAX_DEPTH or nodes > MAX_NODES:
        yield Problem(
            f"{path}.when",
            phrase("The conditions are %(depth)s deep and %(nodes)s in number.", depth=depth, nodes=nodes),
            phrase(
                "At most %(depth)s deep and %(nodes)s in number; split the rule.",
                depth=MAX_DEPTH,
                nodes=MAX_NODES,
            ),
        )
        return
    yield from rule.when.problems(f"{path}.when", ground)


def _audience(rule: Rule, path: str, ground: Ground) -> Problems:
    if rule.audience is None:
        return
    depth, nodes = condition_size(rule.audience)
    if depth > MAX_DEPTH or nodes > MAX_NODES:
        yield Problem(
            f"{path}.audience", phrase("The audience has too many conditions."), phrase("Make a segment of it.")
        )
        return
    for here, node in conditions_in(rule.audience, f"{path}.audience"):
        if not isinstance(node, OF_MEMBER):
            yield Problem(
                here,
                phrase("An audience asks about the member only."),
                phrase("Move this test to the rule's conditions."),
            )
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
            yield Problem(
                f"{path}.schedule.{name}",
                phrase("There is no %(what)s.", what=text),
                phrase("Say a date and time, 2027-03-01T00:00."),
            )
        else:
            sides[name] = moment
    if len(sides) == 2 and sides["ends_at"] <= sides["starts_at"]:
        yield Problem(
            f"{path}.schedule.ends_at",
            phrase("The rule can never fire: it ends before it starts."),
            phrase("Let it end after it starts."),
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
        phrase(
            "There is nothing to multiply: no enabled rule for %(trigger)s gives %(currency)s there.",
            trigger=rule.trigger,
            currency=effect.currency,
        ),
        phrase("Name rules or groups that do, or add one."),
    )


def _empty_groups(ground: Ground) -> Problems:
    """A mode for rules that aren't there. Settings may name the group first, and the rule that joins it come after."""
    for group in ground.document.stacking:
        if group not in ground.groups:
            yield Problem(
                f"stacking.{group}",
                phrase("No rule belongs to the stacking group %(group)r.", group=group),
                phrase("Put a rule into it, or leave it out. Rules are in: %(names)s.", names=_names(ground.groups))
                if ground.groups
                else phrase("Put a rule into it, or leave it out."),
                by_another=True,
            )


def _names(groups: set[str]) -> str:
    return ", ".join(sorted(groups)[:20])


def _in_best_group(rule: Rule, path: str, ground: Ground) -> Problems:
    mode = ground.document.stacking.get(rule.group, "all")
    if mode not in _BEST:
        return
    if rule.stop:
        yield Problem(
            f"{path}.stop",
            phrase("In group %(group)r only the best fires anyway.", group=rule.group),
            phrase("Leave stop out."),
        )
    kinds = {
        isinstance(effect, Multiply)
        for other in ground.document.rules
        if other.group == rule.group and other.trigger == rule.trigger
        for effect in other.effects
    }
    if len(kinds) > 1:
        yield Problem(
            f"{path}.group",
            phrase("Group %(group)r compares multipliers with rules that give points.", group=rule.group),
            phrase("Put multipliers in a stacking group of their own."),
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
                    phrase(
                        "%(code)r and %(other)r have the same priority, and %(reason)s.",
                        code=other.code,
                        other=one.code,
                        reason=reason,
                    ),
                    phrase("Give one of them a higher priority; the higher goes first."),
                )
                break


def _why_order_matters(one: Rule, other: Rule, document: Document, ground: Ground) -> Phrase | None:
    if one.group == other.group:
        if document.stacking.get(one.group) == "first_match":
            return phrase("in group %(group)r only the first fires", group=one.group)
        if one.stop or other.stop:
            return phrase("one of them stops the rest of group %(group)r", group=one.group)
    for code in one.caps:
        if code in other.caps and code in ground.cap_groups and _uneven(ground.cap_groups[code]):
            return phrase("both count towards cap group %(code)r, where the first one may leave no room", code=code)
    return None


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
