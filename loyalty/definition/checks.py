"""What types alone can't say about a document: codes that exist, orders that ascend, rules that can fire."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loyalty.definition.achievementchecks import SIZES, achievements_problems
from loyalty.definition.claims import MAX_CLAIM_TYPES, claim_types_problems
from loyalty.definition.compile import group_currencies
from loyalty.definition.counters import Counter
from loyalty.definition.currencychecks import currency_problems
from loyalty.definition.document import Document
from loyalty.definition.ladderchecks import ladder_problems
from loyalty.definition.limitchecks import limits_problems
from loyalty.definition.neverchecks import never_counts_problems
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.pathchecks import counter_path_problems, trigger_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.rulechecks import rules_problems
from loyalty.definition.sections import sections_problems

MAX_PROBLEMS = 100
_SIZES = {
    "currencies": 20,
    "event_types": 50,
    "counters": 100,
    "ladders": 10,
    "cap_groups": 100,
    "rules": 500,
    "stacking": 100,
    "sections": 50,
    **SIZES,
    "claim_types": MAX_CLAIM_TYPES,
}


def document_problems(document: Document) -> list[Problem]:
    """Everything that is wrong, in the order of the document, 100 at most; empty when it can be compiled."""
    ground = Ground(document)
    problems: list[Problem] = []
    for each in _all(document, ground):
        problems.append(each)
        if len(problems) == MAX_PROBLEMS:
            break
    return problems


def _all(document: Document, ground: Ground) -> Iterator[Problem]:
    for name, most in _SIZES.items():
        if len(getattr(document, name)) > most:
            # Nothing below may be asked to go through it.
            yield Problem(
                name, phrase("There are %(n)s.", n=len(getattr(document, name))), phrase("At most %(most)s.", most=most)
            )
            return
    yield from _program(document)
    yield from twice_problems(document.event_types, "event_types", "type")
    yield from twice_problems(document.currencies, "currencies")
    yield from twice_problems(document.counters, "counters")
    yield from twice_problems(document.ladders, "ladders")
    yield from twice_problems(document.cap_groups, "cap_groups")
    yield from twice_problems(document.rules, "rules")
    if not document.currencies and not (document.challenges or document.stamp_cards or document.streaks):
        yield Problem(
            "currencies",
            phrase("There is no currency, and nothing else to collect."),
            phrase("Add a currency, or a challenge, a stamp card or a streak."),
        )
    for index, currency in enumerate(document.currencies):
        yield from currency_problems(currency, f"currencies[{index}]", ground)
        limits = currency.limits[:10]
        yield from limits_problems(limits, f"currencies[{index}].limits", {currency.code}, ground)
    for index, event_type in enumerate(document.event_types):
        yield from event_type.problems(f"event_types[{index}]", ground)
    for index, counter in enumerate(document.counters):
        yield from _counter(counter, f"counters[{index}]", ground)
    for index, ladder in enumerate(document.ladders):
        yield from ladder_problems(ladder, f"ladders[{index}]", ground)
    yield from _cap_groups(document, ground)
    yield from rules_problems(document, ground)
    for index, rule in enumerate(document.rules):
        yield from text_problems(rule.name, f"rules[{index}].name", 120)
        yield from text_problems(rule.description, f"rules[{index}].description", 600, needed=False)
    yield from achievements_problems(document, ground)
    yield from claim_types_problems(document.claim_types)
    yield from sections_problems(ground)


def _counter(counter: Counter, path: str, ground: Ground) -> Problems:
    yield from text_problems(counter.name, f"{path}.name", 120)
    if counter.when is not None:
        yield from counter.when.problems(f"{path}.when", ground)
    yield from trigger_problems(counter.trigger, path, ground)
    yield from counter_path_problems(counter, path, ground)
    yield from never_counts_problems(counter, path, ground)


def _program(document: Document) -> Problems:
    program = document.program
    yield from text_problems(program.name, "program.name", 120)
    yield from text_problems(program.description, "program.description", 600, needed=False)
    try:
        ZoneInfo(program.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem(
            "program.time_zone",
            phrase("There is no time zone %(time_zone)r.", time_zone=program.time_zone),
            phrase("Use a name such as Europe/Amsterdam or America/New_York."),
        )


def _cap_groups(document: Document, ground: Ground) -> Problems:
    given = group_currencies(document)
    for index, group in enumerate(document.cap_groups):
        path = f"cap_groups[{index}]"
        yield from text_problems(group.name, f"{path}.name", 120, needed=False)
        if not 1 <= len(group.limits) <= 10:
            yield Problem(
                f"{path}.limits",
                phrase("There are %(n)s limits.", n=len(group.limits)),
                phrase("A cap group has 1 to 10."),
            )
        # A group that no rule names yet may count any currency.
        currencies = given[group.code] or set(ground.currencies)
        yield from limits_problems(group.limits[:10], f"{path}.limits", currencies, ground)
