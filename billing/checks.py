"""What can be wrong with the section `billing` that its types don't say."""

from __future__ import annotations

from billing.boxes.checks import box_problems, not_paid_again
from billing.bundlechecks import bundle_problems
from billing.section import AddOn, Amount, BillingSection, Intro, Metered, OneFee, Plan, Rate, Recurring, WinBack
from core.countries import COUNTRIES
from loyalty.definition.basics import money_said
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import Spoken, phrase, spoken
from loyalty.definition.problems import Ground, Problem, Problems, unknown

MOST_PLANS, MOST_FEATURES, MOST_REASONS = 100, 20, 12
# What a single payment comes to at least, by Stripe's list of currencies. A recurring price may be less:
# what is too little for an invoice comes with the next one.
LEAST = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip


def section_problems(section: BillingSection, path: str, ground: Ground) -> Problems:
    here = f"{path}.plans"
    if len(section.plans) > MOST_PLANS:
        yield Problem(here, phrase("There are %(n)d.", n=len(section.plans)), phrase("At most %(n)d.", n=MOST_PLANS))
        return
    yield from twice_problems(section.plans, here)
    if section.stay_offer is not None:
        yield from _intro(section.stay_offer, f"{path}.stay_offer")
    yield from _leaving(section, path)
    if section.win_back is not None:
        yield from _win_back(section.win_back, section, f"{path}.win_back")
    for index, each in enumerate(section.plans):
        yield from _plan(each, f"{here}[{index}]", ground)
        if isinstance(each.charge, AddOn | Metered):
            yield from _add_on(each, each.charge, f"{here}[{index}]", section)
        if each.parts:
            yield from bundle_problems(each, section, f"{here}[{index}]")


def _leaving(section: BillingSection, path: str) -> Problems:
    steps, reasons = section.leave_steps, section.leave_reasons
    if len(set(steps)) != len(steps):
        yield Problem(
            f"{path}.leave_steps", phrase("A step is there twice."), phrase("Each comes once, in the order you like.")
        )
    if "offer" in steps and section.stay_offer is None and steps != BillingSection().leave_steps:
        yield Problem(
            f"{path}.leave_steps",
            phrase("There is no offer to make."),
            phrase("Say stay_offer, or leave the step out."),
        )
    if len(reasons) > MOST_REASONS:
        yield Problem(
            f"{path}.leave_reasons",
            phrase("There are %(n)d.", n=len(reasons)),
            phrase("At most %(n)d.", n=MOST_REASONS),
        )
    yield from twice_problems(reasons, f"{path}.leave_reasons")
    for index, each in enumerate(reasons):
        yield from text_problems(each.name, f"{path}.leave_reasons[{index}].name", 80)


def _win_back(terms: WinBack, section: BillingSection, path: str) -> Problems:
    yield from _intro(terms.offer, f"{path}.offer")
    yield from text_problems(terms.subject, f"{path}.subject", 120, needed=False)
    yield from text_problems(terms.text, f"{path}.text", 2000, needed=False)
    known = {each.code for each in section.plans}
    for index, code in enumerate(terms.plans):
        if code not in known:
            yield unknown(f"{path}.plans[{index}]", phrase("plan"), code, known)


def _plan(each: Plan, path: str, ground: Ground) -> Problems:
    yield from text_problems(each.name, f"{path}.name", 120)
    yield from text_problems(each.description, f"{path}.description", 600, needed=False)
    if len(each.features) > MOST_FEATURES:
        yield Problem(
            f"{path}.features",
            phrase("There are %(n)d.", n=len(each.features)),
            phrase("At most %(n)d.", n=MOST_FEATURES),
        )
        return
    for index, feature in enumerate(each.features):
        yield from text_problems(feature, f"{path}.features[{index}]", 200)
    if each.tier is not None:
        ladder = ground.ladders.get(each.tier.ladder)
        if ladder is None:
            yield unknown(f"{path}.tier.ladder", phrase("ladder"), each.tier.ladder, ground.ladders)
        elif each.tier.tier not in {tier.code for tier in ladder.tiers[1:]}:
            known = {tier.code for tier in ladder.tiers[1:]}
            yield unknown(f"{path}.tier.tier", phrase("tier"), each.tier.tier, known)
    if isinstance(each.charge, OneFee) and None not in (each.charge.valid_days, each.charge.valid_months):
        yield Problem(
            f"{path}.charge.valid_days",
            phrase("It says days and months."),
            phrase("Say one of them; neither is for life."),
        )
    if isinstance(each.charge, OneFee | Recurring | AddOn | Metered):
        yield from _prices(each.charge, f"{path}.charge.prices")
    if isinstance(each.charge, Recurring) and each.charge.intro is not None:
        yield from _intro(each.charge.intro, f"{path}.charge.intro")
    if each.box is not None and not isinstance(each.charge, Recurring):
        yield not_paid_again(f"{path}.box")
    elif each.box is not None and isinstance(each.charge, Recurring):
        yield from box_problems(each.box, f"{path}.box", {price.money_currency for price in each.charge.prices})


def _add_on(each: Plan, charge: AddOn | Metered, path: str, section: BillingSection) -> Problems:
    """It goes with plans that are paid again and again, and gives no tier by itself."""
    plans = {one.code for one in section.plans if isinstance(one.charge, Recurring)}
    for index, code in enumerate(charge.to):
        if code not in plans:
            yield unknown(f"{path}.charge.to[{index}]", phrase("plan"), code, plans)
    if each.tier is not None:
        yield Problem(
            f"{path}.tier",
            phrase("An add-on holds nobody on a tier."),
            phrase("Leave the tier out, or give it with a plan."),
        )


def _said(minor: int, currency: str) -> Spoken:
    return spoken(lambda _say, language: money_said(minor, currency, language))


def _prices(charge: OneFee | Recurring | AddOn | Metered, path: str) -> Problems:
    seen: set[tuple[str, str, str]] = set()
    areas: dict[tuple[str, str], str] = {}
    prices: tuple[Amount | Rate, ...] = charge.prices
    for index, price in enumerate(prices):
        here, every = f"{path}[{index}]", str(getattr(price, "every", ""))
        least = LEAST.get(price.money_currency, 0)
        if isinstance(charge, OneFee) and price.amount_minor < least:
            yield Problem(
                f"{here}.amount_minor",
                phrase("Stripe takes no payment as small as that."),
                phrase("At least %(amount)s.", amount=_said(least, price.money_currency)),
            )
        for country in price.countries or ("",):
            yield from _country(country, every, price.money_currency, areas, here)
            if (price.money_currency, every, country) in seen:
                yield Problem(
                    here,
                    phrase("There is a price for this currency and period already."),
                    phrase("Leave one of them out."),
                )
            seen.add((price.money_currency, every, country))


def _country(country: str, every: str, currency: str, areas: dict[tuple[str, str], str], here: str) -> Problems:
    """A member of a country gets one price for a period: with two currencies it wouldn't be known which."""
    if not country:
        return
    if country not in COUNTRIES:
        yield Problem(
            f"{here}.countries",
            phrase("There is no country %(code)r.", code=country),
            phrase("Say two letters such as NL."),
        )
    other = areas.setdefault((every, country), currency)
    if other != currency:
        yield Problem(
            f"{here}.countries",
            phrase("%(country)s has a price in %(currency)s for this period already.", country=country, currency=other),
            phrase("Leave one of them out."),
        )


def _intro(intro: Intro, path: str) -> Problems:
    if (intro.percent is None) == (intro.amount_minor is None):
        yield Problem(
            path, phrase("It says a percentage and an amount, or neither."), phrase("Say percent or amount_minor.")
        )
    if intro.percent is not None and not (intro.percent.is_finite() and 0 < intro.percent <= 100):
        yield Problem(
            f"{path}.percent", phrase("A percentage lies above 0 and up to 100."), phrase("Say a number such as 10.")
        )
    elif intro.percent is not None and intro.percent != round(intro.percent, 2):
        yield Problem(
            f"{path}.percent", phrase("It has more than two digits after the point."), phrase("Say one such as 12.5.")
        )
    if intro.amount_minor is not None and intro.money_currency is None:
        yield Problem(f"{path}.money_currency", phrase("An amount needs its currency."), phrase("Say one such as EUR."))
    if (intro.duration == "repeating") != (intro.months is not None):
        yield Problem(
            f"{path}.months",
            phrase("Months belong to a discount that is repeating."),
            phrase("Say duration repeating with months, or leave the months out."),
        )
