"""What can be wrong with a ladder of tiers."""

from __future__ import annotations

from loyalty.definition.effects import Multiply, PointsPerMoney
from loyalty.definition.entries import entry_code
from loyalty.definition.ladders import Ladder, Tier
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.qualifying import (
    AllOf,
    AnyMetric,
    AnyOf,
    BalanceHeld,
    CounterReached,
    MoneySpent,
    PointsEarned,
    metrics_of,
)
from loyalty.definition.reachchecks import reach_problems
from loyalty.definition.windows import Lifetime, Rolling


def ladder_problems(ladder: Ladder, path: str, ground: Ground) -> Problems:
    yield from text_problems(ladder.name, f"{path}.name", 120)
    yield from twice_problems(ladder.tiers, f"{path}.tiers")
    wrong = list(_qualify(ladder, f"{path}.qualify", ground))
    yield from wrong
    yield from _times(ladder, path)
    if not 1 <= len(ladder.tiers) <= 20:
        yield Problem(
            f"{path}.tiers", phrase("There are %(n)s tiers.", n=len(ladder.tiers)), phrase("A ladder has 1 to 20.")
        )
        return
    for index, tier in enumerate(ladder.tiers):
        yield from _tier(ladder, tier, index, f"{path}.tiers[{index}]", ground)
    yield from _thresholds(ladder, path)
    yield from _moved(ladder, path)
    if not wrong and len(ladder.tiers) > 1:
        yield from reach_problems(ladder, path, ground.document)


def _qualify(ladder: Ladder, path: str, ground: Ground) -> Problems:
    if isinstance(ladder.qualify, AllOf | AnyOf):
        several = ladder.qualify.of
        if not 2 <= len(several) <= 5:
            yield Problem(
                f"{path}.of",
                phrase("There are %(n)s.", n=len(several)),
                phrase("Name 2 to 5 things, or use one without all_of."),
            )
        for index, metric in enumerate(several):
            if metric in several[:index]:
                yield Problem(f"{path}.of[{index}]", phrase("It is named twice."), phrase("Name it once."))
            yield from _metric(metric, f"{path}.of[{index}]", ground)
    else:
        yield from _metric(ladder.qualify, path, ground)


def _metric(metric: AnyMetric, path: str, ground: Ground) -> Problems:
    if isinstance(metric, CounterReached):
        counters = {each.code: each for each in ground.document.counters}
        if metric.counter not in counters:
            yield unknown(f"{path}.counter", phrase("counter"), metric.counter, counters)
        return
    if isinstance(metric, MoneySpent):
        return
    code = metric.currency
    yield from ground.currency_known(code, f"{path}.currency")
    known = ground.currencies.get(code)
    if known is not None and isinstance(metric, PointsEarned) and known.kind == "spendable":
        yield Problem(
            f"{path}.currency",
            phrase("%(code)s doesn't count for tiers: its kind is spendable.", code=code),
            phrase("Set the currency's kind to both or qualifying, or name another currency."),
        )


def _times(ladder: Ladder, path: str) -> Problems:
    """Windows, validity and upgrade that don't go together."""
    rolls, for_ever = isinstance(ladder.window, Rolling), isinstance(ladder.window, Lifetime)
    if isinstance(ladder.qualify, BalanceHeld):
        if not for_ever or ladder.valid != "while_qualifying":
            yield Problem(
                f"{path}.valid",
                phrase("A balance isn't counted over a window: it is looked at every night."),
                phrase("Set window to {kind: lifetime} and valid to while_qualifying."),
            )
    elif ladder.valid == "while_qualifying" and not rolls and not for_ever:
        yield Problem(
            f"{path}.valid",
            phrase("Only what rolls on from day to day can be asked every day."),
            phrase("Use the window rolling, or let tiers hold until end_of_window."),
        )
    elif rolls and ladder.valid not in ("after_months", "while_qualifying"):
        yield Problem(
            f"{path}.valid",
            phrase("A rolling window has no end that a tier could hold until."),
            phrase("Set valid to while_qualifying, or to after_months with valid_months."),
        )
    if (ladder.valid == "after_months") != (ladder.valid_months is not None):
        yield Problem(
            f"{path}.valid_months",
            phrase("valid_months belongs to valid: after_months, and the other way round."),
            phrase("Say for how many months a tier holds, or leave valid_months out."),
        )
    if ladder.upgrade == "next_window" and (rolls or for_ever):
        yield Problem(
            f"{path}.upgrade", phrase("There is no next window."), phrase("Set upgrade to at_once, or choose a window.")
        )


def _tier(ladder: Ladder, tier: Tier, index: int, path: str, ground: Ground) -> Problems:
    yield from text_problems(tier.name, f"{path}.name", 60)
    for at, benefit in enumerate(tier.benefits):
        yield from text_problems(benefit, f"{path}.benefits[{at}]", 200)
    if len(tier.benefits) > 50:
        yield Problem(f"{path}.benefits", phrase("There are %(n)s.", n=len(tier.benefits)), phrase("At most 50."))
    if index == 0 and tier.by_invitation:
        yield Problem(
            f"{path}.by_invitation", phrase("The first tier is everyone's."), phrase("Leave by_invitation out.")
        )
    yield from _entry(ladder, tier, index, path, ground)


def _entry(ladder: Ladder, tier: Tier, index: int, path: str, ground: Ground) -> Problems:
    if not tier.entry_effects:
        return
    if index == 0:
        yield Problem(
            f"{path}.entry_effects",
            phrase("Nobody rises to the first tier."),
            phrase("Use a rule for member.enrolled instead."),
        )
    if len(tier.entry_effects) > 10:
        yield Problem(
            f"{path}.entry_effects", phrase("There are %(n)s.", n=len(tier.entry_effects)), phrase("At most 10.")
        )
    code = entry_code(ladder.code, tier.code)
    if code in ground.rules or len(code) > 40:
        yield Problem(
            f"{path}.entry_effects",
            phrase("What is given would be kept under %(code)r, which is a rule's code or longer than 40.", code=code),
            phrase("Give the ladder, the tier or the rule another code."),
        )
    for at, effect in enumerate(tier.entry_effects[:10]):
        here = f"{path}.entry_effects[{at}]"
        yield from effect.problems(here, ground)
        if isinstance(effect, Multiply | PointsPerMoney):
            yield Problem(
                here,
                phrase("Rising to a tier has no amount to reckon from."),
                phrase("Give a fixed number of points, or a reward."),
            )


def _thresholds(ladder: Ladder, path: str) -> Problems:
    several = len(metrics_of(ladder.qualify))
    before: tuple[int, ...] | None = None
    for index, tier in enumerate(ladder.tiers):
        here = f"{path}.tiers[{index}]"
        none_needed = index == 0 or tier.by_invitation
        if several > 1 and len(tier.thresholds) != several and (tier.thresholds or not none_needed):
            yield Problem(
                f"{here}.thresholds",
                phrase("There are %(n)s for %(several)s things.", n=len(tier.thresholds), several=several),
                phrase("Say how much of each, in the order of qualify.of."),
            )
            return
        if several == 1 and tier.thresholds:
            yield Problem(
                f"{here}.thresholds", phrase("There is one thing to reach."), phrase("Use threshold, a number.")
            )
            return
        amounts = (tier.thresholds or (0,) * several) if several > 1 else (tier.threshold,)
        if index == 0 and any(amounts):
            field = "thresholds" if several > 1 else "threshold"
            yield Problem(f"{here}.{field}", phrase("The first tier is everyone's."), phrase("Set its threshold to 0."))
        if tier.by_invitation:
            continue
        if before is not None and not _higher(amounts, before, every=not isinstance(ladder.qualify, AnyOf)):
            told = [" + ".join(str(each) for each in amounts), " + ".join(str(each) for each in before)]
            field = "thresholds" if several > 1 else "threshold"
            yield Problem(
                f"{here}.{field}",
                phrase("%(amount)s isn't above the tier before (%(before)s).", amount=told[0], before=told[1]),
                phrase("Order the tiers from low to high."),
            )
        before = amounts


def _higher(amounts: tuple[int, ...], before: tuple[int, ...], *, every: bool) -> bool:
    """All of them: none lower, and one higher. Any of them: each higher, or the tier before would be passed over."""
    pairs = list(zip(amounts, before, strict=True))
    if every:
        return all(now >= then for now, then in pairs) and any(now > then for now, then in pairs)
    return all(now > then for now, then in pairs)


def _moved(ladder: Ladder, path: str) -> Problems:
    codes = {each.code for each in ladder.tiers}
    for old, new in ladder.moved_tiers.items():
        here = f"{path}.moved_tiers.{old}"
        if old in codes:
            yield Problem(
                here, phrase("The ladder still has the tier %(old)r.", old=old), phrase("Name tiers that are gone.")
            )
        if new not in codes:
            yield unknown(here, phrase("tier"), new, codes)
