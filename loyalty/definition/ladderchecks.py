"""What can be wrong with a ladder of tiers."""

from __future__ import annotations

from loyalty.definition.document import Document
from loyalty.definition.effects import Multiply
from loyalty.definition.ladders import Ladder
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.problems import Ground, Problem, Problems


def ladder_problems(ladder: Ladder, path: str, ground: Ground) -> Problems:
    yield from text_problems(ladder.name, f"{path}.name", 120)
    yield from twice_problems(ladder.tiers, f"{path}.tiers")
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
