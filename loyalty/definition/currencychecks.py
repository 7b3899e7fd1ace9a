"""What can be wrong with a point currency."""

from __future__ import annotations

from loyalty.definition.currencies import Currency, TierExpiry
from loyalty.definition.expiry import expiry_problems
from loyalty.definition.partchecks import text_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown


def currency_problems(currency: Currency, path: str, ground: Ground) -> Problems:
    yield from text_problems(currency.name_one, f"{path}.name_one", 60)
    yield from text_problems(currency.name_many, f"{path}.name_many", 60)
    value = currency.value_minor_per_point
    if value is not None and (not value.is_finite() or not 0 <= value <= 10**6 or value != round(value, 6)):
        yield Problem(
            f"{path}.value_minor_per_point",
            phrase("That can't be a point's value."),
            phrase("Say it in minor units of the program's money, such as 1 for a cent or 0.5 for half a cent."),
        )
    yield from _transfer_problems(currency, f"{path}.transfer")
    yield from expiry_problems(currency.expiry, f"{path}.expiry")
    if currency.release is not None and currency.pending_days:
        yield Problem(
            f"{path}.pending_days", phrase("The points wait for an event already."), phrase("Leave one of the two out.")
        )
    if currency.release is not None and currency.release.type in ("order.paid", "order.returned"):
        yield Problem(
            f"{path}.release.type",
            phrase("That is what gives or takes points."),
            phrase("Name an event after it: order.delivered."),
        )
    for index, each in enumerate(currency.expiry_by_tier):
        yield from _tier_problems(each, f"{path}.expiry_by_tier[{index}]", ground)


def _tier_problems(each: TierExpiry, path: str, ground: Ground) -> Problems:
    yield from expiry_problems(each.expiry, f"{path}.expiry")
    ladder = ground.ladders.get(each.ladder)
    if ladder is None:
        yield unknown(f"{path}.ladder", phrase("ladder"), each.ladder, ground.ladders)
        return
    known = {tier.code for tier in ladder.tiers}
    for index, code in enumerate(each.tiers):
        if code not in known:
            yield unknown(f"{path}.tiers[{index}]", phrase("tier"), code, known)


def _transfer_problems(currency: Currency, path: str) -> Problems:
    transfer = currency.transfer
    if not transfer.allowed:
        return
    if currency.kind == "qualifying":
        yield Problem(
            f"{path}.allowed",
            phrase("Points that count for tiers alone can't be given away: a tier would be."),
            phrase("Say allowed: false, or make the kind spendable or both."),
        )
    for name in ("per_day", "per_month"):
        most = getattr(transfer, name)
        if most is not None and most < transfer.at_least:
            yield Problem(
                f"{path}.{name}",
                phrase("No transfer can be as small as that."),
                phrase("Say at least %(at_least)s, as at_least.", at_least=transfer.at_least),
            )
