"""What types alone can't say about a document: codes that exist, orders that ascend, rules that can fire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loyalty.definition.basics import LocalText
from loyalty.definition.compile import group_currencies
from loyalty.definition.document import Currency, Document, Ladder
from loyalty.definition.effects import Multiply
from loyalty.definition.limits import limits_problems
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.rulechecks import rules_problems
from loyalty.definition.sections import sections_problems

MAX_PROBLEMS = 100
_LANGUAGE = re.compile(r"[a-z]{2}\Z")
_SIZES = {"currencies": 20, "ladders": 10, "cap_groups": 100, "rules": 500, "stacking": 100, "sections": 50}


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


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
            yield Problem(name, f"There are {len(getattr(document, name))}.", f"At most {most}.")
            return
    yield from _program(document)
    yield from _twice(document.currencies, "currencies")
    yield from _twice(document.ladders, "ladders")
    yield from _twice(document.cap_groups, "cap_groups")
    yield from _twice(document.rules, "rules")
    if not document.currencies:
        yield Problem("currencies", "There is no currency.", "Add one; points need a name.")
    for index, currency in enumerate(document.currencies):
        yield from _currency(currency, f"currencies[{index}]")
    for index, ladder in enumerate(document.ladders):
        yield from _ladder(ladder, f"ladders[{index}]", ground)
    yield from _cap_groups(document, ground)
    yield from rules_problems(document, ground)
    for index, rule in enumerate(document.rules):
        yield from text_problems(rule.name, f"rules[{index}].name", 120)
        yield from text_problems(rule.description, f"rules[{index}].description", 600, needed=False)
    yield from sections_problems(ground)


def text_problems(text: LocalText, path: str, most: int, *, needed: bool = True) -> Problems:
    """A text or one per language, none of them too long, none empty where one is needed."""
    texts = {"": text} if isinstance(text, str) else text
    if isinstance(text, dict) and not text:
        yield Problem(path, "There is no text.", "Write it, or one per language such as {en: …, nl: …}.")
    for language, each in texts.items():
        here = f"{path}.{language}" if language else path
        if isinstance(text, dict) and not _LANGUAGE.match(language):
            yield Problem(here, f"{language!r} isn't a language.", "Use two letters such as en or nl.")
        if needed and not each.strip():
            yield Problem(here, "The text is empty.", "Write it.")
        if len(each) > most:
            yield Problem(here, f"The text has {len(each)} characters.", f"At most {most}.")


def _program(document: Document) -> Problems:
    program = document.program
    yield from text_problems(program.name, "program.name", 120)
    yield from text_problems(program.description, "program.description", 600, needed=False)
    try:
        ZoneInfo(program.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem(
            "program.time_zone",
            f"There is no time zone {program.time_zone!r}.",
            "Use a name such as Europe/Amsterdam or America/New_York.",
        )


def _twice(parts: Sequence[_Coded], path: str) -> Problems:
    first: dict[str, int] = {}
    for index, each in enumerate(parts):
        if each.code in first:
            where = f"{path}[{first[each.code]}]"
            yield Problem(f"{path}[{index}].code", f"{each.code!r} is {where}'s code too.", "Give it another code.")
        first.setdefault(each.code, index)


def _currency(currency: Currency, path: str) -> Problems:
    yield from text_problems(currency.name_one, f"{path}.name_one", 60)
    yield from text_problems(currency.name_many, f"{path}.name_many", 60)
    value = currency.value_minor_per_point
    if value is not None and (not value.is_finite() or not 0 <= value <= 10**6 or value != round(value, 6)):
        yield Problem(
            f"{path}.value_minor_per_point",
            "That can't be a point's value.",
            "Say it in minor units of the program's money, such as 1 for a cent or 0.5 for half a cent.",
        )


def _ladder(ladder: Ladder, path: str, ground: Ground) -> Problems:
    yield from text_problems(ladder.name, f"{path}.name", 120)
    yield from _twice(ladder.tiers, f"{path}.tiers")
    code = ladder.qualify.currency
    yield from ground.currency_known(code, f"{path}.qualify.currency")
    known = ground.currencies.get(code)
    if known is not None and known.kind == "spendable":
        yield Problem(
            f"{path}.qualify.currency",
            f"{code} doesn't count for tiers: its kind is spendable.",
            "Set the currency's kind to both or qualifying, or name another currency.",
        )
    if not 1 <= len(ladder.tiers) <= 20:
        yield Problem(f"{path}.tiers", f"There are {len(ladder.tiers)} tiers.", "A ladder has 1 to 20.")
        return
    if ladder.tiers[0].threshold != 0:
        yield Problem(f"{path}.tiers[0].threshold", "The first tier is everyone's.", "Set its threshold to 0.")
    for index, tier in enumerate(ladder.tiers):
        here = f"{path}.tiers[{index}]"
        yield from text_problems(tier.name, f"{here}.name", 60)
        for at, benefit in enumerate(tier.benefits):
            yield from text_problems(benefit, f"{here}.benefits[{at}]", 200)
        if len(tier.benefits) > 50:
            yield Problem(f"{here}.benefits", f"There are {len(tier.benefits)}.", "At most 50.")
        if index and tier.threshold <= ladder.tiers[index - 1].threshold:
            yield Problem(
                f"{here}.threshold",
                f"{tier.threshold} isn't above the tier before ({ladder.tiers[index - 1].threshold}).",
                "Order the tiers from low to high.",
            )
    if known is not None and len(ladder.tiers) > 1 and not _earned(code, ground.document):
        yield Problem(
            f"{path}.tiers[1]",
            f"Nobody can reach it: no enabled rule gives {code}.",
            f"Add a rule that gives {code}, or qualify by another currency.",
        )


def _earned(currency: str, document: Document) -> bool:
    return any(
        getattr(effect, "currency", None) == currency and not isinstance(effect, Multiply)
        for rule in document.rules
        if rule.enabled
        for effect in rule.effects
    )


def _cap_groups(document: Document, ground: Ground) -> Problems:
    given = group_currencies(document)
    for index, group in enumerate(document.cap_groups):
        path = f"cap_groups[{index}]"
        yield from text_problems(group.name, f"{path}.name", 120, needed=False)
        if not 1 <= len(group.limits) <= 10:
            yield Problem(f"{path}.limits", f"There are {len(group.limits)} limits.", "A cap group has 1 to 10.")
        # A group that no rule names yet may count any currency.
        currencies = given[group.code] or set(ground.currencies)
        yield from limits_problems(group.limits[:10], f"{path}.limits", currencies, ground)
