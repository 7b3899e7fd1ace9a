"""A program in plain words: what a rule does, why points were given, how a ladder and a currency work."""

from __future__ import annotations

from loyalty.definition.basics import money_digits
from loyalty.definition.currencies import Currency
from loyalty.definition.document import Document
from loyalty.definition.effects import Multiply
from loyalty.definition.ladders import Ladder, Tier
from loyalty.definition.qualifying import AnyMetric, AnyOf, CounterReached, MoneySpent, metrics_of
from loyalty.definition.rule import CapGroup, Rule
from loyalty.definition.translation import N_, Say, Teller, number_text, unchanged

TRIGGER_WORDS = {
    "order.paid": N_("When an order is paid"),
    "order.returned": N_("When goods are returned"),
    "review.posted": N_("When a review is posted"),
    "store.checked_in": N_("When a member checks in at a store"),
    "referral.converted": N_("When a referred friend buys"),
    "invoice.paid": N_("When an invoice is paid"),
    "shipment.sent": N_("When a box is sent"),
    "shipment.delivered": N_("When a box is delivered"),
    "shipment.skipped": N_("When a member skips a box"),
    "shipment.canceled": N_("When a box is canceled"),
    "survey.answered": N_("When a survey is answered"),
    "member.enrolled": N_("When a member joins the program"),
    "profile.completed": N_("When a member completes their profile"),
    "subscription.started": N_("When a member starts a plan"),
    "subscription.converted": N_("When a trial becomes a paid plan"),
    "subscription.changed": N_("When a member changes plans"),
    "subscription.canceled": N_("When a member cancels their plan"),
    "subscription.ended": N_("When a plan ends"),
    "subscription.paused": N_("When a member pauses their plan"),
    "subscription.resumed": N_("When a member resumes their plan"),
    "tier.reached": N_("When a member rises to a tier"),
    "member.birthday": N_("On a member's birthday"),
    "panel.answered": N_("When the questionnaire of a product test is sent"),
    "sweepstake.won": N_("When a member wins in a sweepstake"),
    "referral.milestone": N_("When a member has brought so many friends"),
}

_MODES = {
    "all": N_("all rules that match give"),
    "first_match": N_("only the first rule that matches gives"),
    "best_for_member": N_("only the rule that is best for the member gives"),
    "best_for_brand": N_("only the rule that costs the brand least gives"),
}

_DOWNGRADES = {
    "none": N_("is kept for ever"),
    "one_step": N_("otherwise one tier down"),
    "full": N_("otherwise down to what was earned"),
}

_VALID = {
    "end_of_window": N_("holds until the end of the period it is reached in"),
    "end_of_next_window": N_("holds until the end of the period after"),
    "after_months": N_("holds for %(n)d months"),
    "while_qualifying": N_("holds as long as it is earned"),
}


def rule_words(document: Document, rule: Rule, say: Say = unchanged, language: str = "en") -> str:
    """One sentence of what the rule does: "When an order is paid and channel is app: 5 points, at most …"."""
    return rule_told(rule, Teller(document, say, language), document)


def rule_told(rule: Rule, teller: Teller, document: Document) -> str:
    sentence = event_told(rule.trigger, teller, document)
    for condition in (rule.audience, rule.when):
        if condition is not None:
            sentence = teller.tell(N_("%(event)s and %(condition)s"), event=sentence, condition=condition.words(teller))
    effects = teller.list_and([each.words(teller) for each in rule.effects])
    sentence = teller.tell(N_("%(event)s: %(effects)s"), event=sentence, effects=effects)
    parts = [sentence, *(each.words(teller) for each in rule.limits)]
    groups = {each.code: each for each in document.cap_groups}
    parts += [_shared(groups[code], teller) for code in rule.caps if code in groups]
    if rule.schedule is not None:
        parts.append(rule.schedule.words(teller))
    if not rule.enabled:
        parts.append(teller.say(N_("switched off")))
    return ", ".join(parts) + "."


def event_told(trigger: str, teller: Teller, document: Document) -> str:
    """When the rule is looked at. Events of the brand's own go by the name that the program gives them, or by the kind
    of claim whose approval they are; else by their type."""
    known = TRIGGER_WORDS.get(trigger)
    if known is not None:
        return teller.say(known)
    name = next((each.name for each in document.event_types if each.type == trigger), None)
    if name is not None:
        return teller.tell(N_("When “%(event)s” happens"), event=teller.text(name))
    claims = [teller.text(each.name) for each in document.claim_types if each.event_type == trigger]
    if claims:
        return teller.tell(N_("When a claim of “%(claim)s” is approved"), claim=claims[0])
    return teller.tell(N_("When %(event)s happens"), event=trigger)


def _shared(group: CapGroup, teller: Teller) -> str:
    limits = teller.list_and([each.words(teller) for each in group.limits])
    return teller.tell(N_("%(limits)s together with other rules"), limits=limits)


def award_reason(document: Document, rule: str, effect: int, say: Say = unchanged, language: str = "en") -> str:
    """Why a member got an award, for members: the rule's description, or what its effect does.

    It depends on nothing but the rule, so it may be kept per version, rule, effect and language. An unknown rule
    stands for itself.
    """
    teller = Teller(document, say, language)
    known = teller.rules.get(rule)
    if known is None or effect >= len(known.effects):
        return rule
    if known.description:
        return teller.text(known.description)
    done = known.effects[effect]
    if isinstance(done, Multiply):
        return teller.tell(N_("%(rule)s: %(effect)s"), rule=teller.text(known.name), effect=done.words(teller))
    return _capital(done.words(teller)) if known.trigger == "order.paid" else teller.text(known.name)


def currency_words(document: Document, code: str, say: Say = unchanged, language: str = "en") -> str:
    """How a currency works: when its points become active and when they end."""
    teller = Teller(document, say, language)
    return currency_told(document.currency(code), teller)


def currency_told(currency: Currency, teller: Teller) -> str:
    parts = [currency.expiry.words(teller)]
    parts += [each.words(teller) for each in currency.expiry_by_tier]
    if currency.release is not None:
        parts.insert(0, currency.release.words(teller))
    if currency.pending_days:
        parts.insert(0, teller.tell(N_("can be used after %(n)d days"), n=currency.pending_days))
    if currency.kind == "qualifying":
        parts.append(teller.say(N_("count for tiers and can't be spent")))
    if currency.transfer.allowed:
        parts.append(currency.transfer.words(teller))
    name = _capital(teller.text(currency.name_many))
    return teller.tell(N_("%(currency)s %(facts)s."), currency=name, facts=teller.list_and(parts))


def ladder_words(document: Document, code: str, say: Say = unchanged, language: str = "en") -> str:
    """How a ladder works: its tiers with what they take, and how long they hold."""
    return ladder_told(document.ladder(code), Teller(document, say, language))


def ladder_told(ladder: Ladder, teller: Teller) -> str:
    steps = [f"{teller.text(tier.name)} ({_asked(ladder, tier, teller)})" for tier in ladder.tiers]
    holds = teller.say(_DOWNGRADES["none"])
    if ladder.downgrade != "none":
        valid = teller.tell(_VALID[ladder.valid], n=ladder.valid_months or 0)
        holds = f"{valid}, {teller.say(_DOWNGRADES[ladder.downgrade])}"
    if ladder.grace_days:
        holds = teller.tell(N_("%(holds)s, %(n)d days after its end"), holds=holds, n=ladder.grace_days)
    return teller.tell(
        N_("%(tiers)s, %(how)s %(window)s; a tier %(holds)s."),
        tiers=", ".join(steps),
        how=ladder.qualify.words(teller),
        window=ladder.window.words(teller),
        holds=holds,
    )


def tier_asks(ladder: Ladder, tier: Tier, teller: Teller) -> str:
    """What reaches the tier: "500 points and €200"."""
    metrics = metrics_of(ladder.qualify)
    amounts = tier.thresholds if len(metrics) > 1 else (tier.threshold,)
    parts = [_metric_asks(metric, amount, teller) for metric, amount in zip(metrics, amounts, strict=False)]
    return teller.list_or(parts) if isinstance(ladder.qualify, AnyOf) else teller.list_and(parts)


def _metric_asks(metric: AnyMetric, amount: int, teller: Teller) -> str:
    match metric:
        case MoneySpent():
            return teller.money_of(amount * 10 ** money_digits(teller.money))
        case CounterReached():
            return f"{amount} × {teller.counter(metric.counter)}"
        case _:
            return teller.points(metric.currency, amount)


def _asked(ladder: Ladder, tier: Tier, teller: Teller) -> str:
    if tier.by_invitation:
        return teller.say(N_("by invitation"))
    if tier.thresholds:
        return " + ".join(number_text(each) for each in tier.thresholds)
    return number_text(tier.threshold)


def stacking_words(mode: str, teller: Teller) -> str:
    return teller.say(_MODES[mode])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
