"""Judging one event by one version of a program.

The way an event takes:
 1. Rules of its trigger are gone through in order (priority, higher first; then code). Each is disabled, out of its
    schedule, stopped by an earlier one of its group, not matched, or it fires. In a best-of group the one that would
    give most (or least) given the caps as they stood before the event is kept.
 2. Rules that fire give points, in order, each within its limits.
 3. Then multipliers add to what was given, in order, each within its limits.
 4. What rules move on is moved on; what that completes gives, too (see achievements.py).
Nothing depends on how the rules stand in the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from loyalty.definition.comparison import value_at
from loyalty.definition.compiled import CompiledCurrency, CompiledProgram, CompiledRule, TriggerPlan
from loyalty.definition.effects import Advancer, Giver, Multiplier, Terms, rounded
from loyalty.definition.expiry import Expiry
from loyalty.definition.facts import CounterRef, EventFacts, Facts, MemberFacts
from loyalty.definition.outcomes import UNTOLD
from loyalty.rules.achievements import Achieving, Gift
from loyalty.rules.allotment import Allotment, Wanted
from loyalty.rules.counting import counters_raise
from loyalty.rules.dates import AwardDates, award_terms, period_start
from loyalty.rules.exact import Lines, decimal_text, lines_of
from loyalty.rules.judgement import NOTHING, Achieved, Act, Award, Judgement, Outcome, Raised, RuleTrace, TraceAmount

__all__ = ["Act", "Award", "Judgement", "Outcome", "RuleTrace", "TraceAmount", "evaluate"]

# More than this in one award (minor units) is cut: it keeps every sum within a BIGINT.
MAX_AWARD = 10**15
_NO_REASON: Mapping[str, str | int] = {}


def evaluate(program: CompiledProgram, event: EventFacts, member: MemberFacts, *, whole: bool = True) -> Judgement:
    """What the event gives the member, and for every rule of its trigger why or why not. Pure and deterministic.

    whole False, for who judges a million events: the same, but the trace is silent about rules that didn't match, and
    awards about what only explains them (base_unrounded, reason).
    """
    plan = program.triggers.get(event.type)
    if plan is None:
        return NOTHING
    if not event.member_known:
        missed = plan.rules if whole else ()
        return Judgement(trace=tuple(RuleTrace(rule.code, "not_matched", "member") for rule in missed))
    return _Run(program, plan, event, member, whole).judge()


class _Run:
    """One judgement under way."""

    __slots__ = (
        "achieved", "acts", "advances", "allotment", "awards", "badges", "dates", "facts", "fired", "given", "plan",
        "program", "raised", "refs", "trace", "whole",
    )  # fmt: skip

    def __init__(
        self, program: CompiledProgram, plan: TriggerPlan, event: EventFacts, member: MemberFacts, whole: bool
    ) -> None:
        self.program = program
        self.plan = plan
        self.facts = Facts(event, member, program.zone)
        self.allotment = Allotment(self.facts)
        self.whole = whole
        self.trace = list(plan.sieve.missed) if whole else [UNTOLD] * len(plan.rules)
        self.fired: list[CompiledRule] = []
        self.awards: list[Award] = []
        self.acts: list[Act] = []
        self.raised: list[Raised] = []
        # What rules move on, how far, and the badges that they grant.
        self.advances: list[tuple[str, int]] = []
        self.badges: list[str] = []
        self.achieved: tuple[Achieved, ...] = ()
        # What givers were awarded: (rule, group, currency, points, lines); what multipliers multiply.
        self.given: list[tuple[str, str, str, int, Lines]] = []
        self.dates: dict[str, AwardDates] = {}
        # What points of a currency count for, beside limits.
        self.refs: dict[str, tuple[CounterRef, ...]] = {}

    def judge(self) -> Judgement:
        if self.plan.raises:
            self.raised = counters_raise(self.plan.raises, self.facts)
        contests = self._match()
        self._give(contests)
        self._multiply(contests)
        if self.advances or self.badges:
            self._achieve()
        for rule in self.fired:
            if self.trace[rule.order] is UNTOLD:
                self.trace[rule.order] = RuleTrace(rule.code, "fired")
        trace = self.trace
        if not self.whole:
            trace = [each for each in trace if each is not UNTOLD and each.outcome != "not_matched"]
        return Judgement(
            tuple(self.awards),
            self.allotment.changes(),
            tuple(trace),
            tuple(self.acts),
            tuple(self.raised),
            self.achieved,
        )

    def _give(self, contests: dict[str, list[CompiledRule]]) -> None:
        """What fires is found in order, but for the best of groups, which are chosen later."""
        if contests:
            for contest in contests.values():
                if contest[0].givers or not contest[0].multipliers:
                    self._choose(contest)
            self.fired.sort(key=_order)
        for rule in self.fired:
            if rule.givers or rule.actions or rule.moves or not rule.multipliers:
                self._award(rule, self._wanted_givers(rule), bool(rule.actions or rule.moves))

    def _multiply(self, contests: dict[str, list[CompiledRule]]) -> None:
        if contests:
            for contest in contests.values():
                if contest[0].multipliers and not contest[0].givers:
                    self._choose(contest)
            self.fired.sort(key=_order)
        for rule in self.fired:
            if rule.multipliers:
                self._award(rule, self._wanted_extra(rule), False)

    def _achieve(self) -> None:
        achieving = Achieving(self.program.achievements, self.facts)
        achieving.run(self.advances, self.badges)
        for gift in achieving.gifts:
            self._gift(gift)
        self.acts += achieving.acts
        self.raised += achieving.raised
        self.achieved = tuple(achieving.achieved)

    def _match(self) -> dict[str, list[CompiledRule]]:
        """Collects what fires; returns the groups of which only the best may, with those that match."""
        facts, trace, fired = self.facts, self.trace, self.fired
        closed: dict[str, str] = {}
        contests: dict[str, list[CompiledRule]] = {}
        rules = self.plan.rules
        for index in self._left():
            rule = rules[index]
            if not rule.steady and (off := _off(rule, facts.event.occurred_at)) is not None:
                trace[index] = RuleTrace(rule.code, off)
            elif closed and rule.group in closed:
                trace[index] = RuleTrace(rule.code, "stopped", closed[rule.group])
            elif (check := rule.check) is not None and (failed := check(facts)) is not None:
                trace[index] = RuleTrace(rule.code, "not_matched", failed)
            elif rule.mode in ("best_for_member", "best_for_brand"):
                contests.setdefault(rule.group, []).append(rule)
            else:
                if rule.stop or rule.mode == "first_match":
                    closed[rule.group] = rule.code
                fired.append(rule)
        return contests

    def _left(self) -> Sequence[int]:
        """The places of the rules that can match, in order; of those that can't the trace tells already."""
        facts, sieve = self.facts, self.plan.sieve if self.whole else self.plan.quick
        left: tuple[int, ...] = ()
        for column in sieve.columns:
            name = column.path
            try:
                found = facts.known[name]
            except KeyError:
                found = facts.known[name] = value_at(facts.payload, column.keys)
            left += column.left(found)
        if not left:
            return sieve.always
        for index in left:
            self.trace[index] = UNTOLD
        return sorted(sieve.always + left)

    def _choose(self, contest: list[CompiledRule]) -> None:
        """Of rules of a best-of group that match, the best fires; of equals the first in order."""
        worths = [self._worth(rule) for rule in contest]
        if contest[0].mode == "best_for_member":
            best = worths.index(max(worths))
        else:
            best = worths.index(min((each for each in worths if each > 0), default=worths[0]))
        for index, rule in enumerate(contest):
            if index != best:
                self.trace[rule.order] = RuleTrace(rule.code, "stopped", contest[best].code)
        self.fired.append(contest[best])

    def _worth(self, rule: CompiledRule) -> Fraction:
        wanted = self._wanted_givers(rule) + self._wanted_extra(rule)
        amounts, _ = self.allotment.allot(rule, wanted)
        currencies = self.program.currencies
        return sum(
            (points * currencies[each.effect.currency].worth for each, points in zip(wanted, amounts, strict=True)),
            start=Fraction(0),
        )

    def _wanted_givers(self, rule: CompiledRule) -> list[Wanted]:
        wanted = []
        for index, giver in rule.givers:
            given = giver.give(self.facts)
            if given is not None:
                points = given.points if given.points < MAX_AWARD else MAX_AWARD
                wanted.append(
                    Wanted(index, giver, points, given.numerator, given.denominator, given.base_minor, given.lines)
                )
        return wanted

    def _wanted_extra(self, rule: CompiledRule) -> list[Wanted]:
        wanted = []
        for index, each in rule.multipliers:
            base, parts = 0, []
            everything = not each.groups and not each.rules
            for code, group, currency, points, lines in self.given:
                if currency == each.currency and (everything or group in each.groups or code in each.rules):
                    base += points
                    parts.append((points, lines))
            numerator = base * each.numerator
            points = min(rounded(numerator, each.denominator, each.rounding), MAX_AWARD)
            wanted.append(Wanted(index, each, points, numerator, each.denominator, None, lines_of(parts)))
        return wanted

    def _award(self, rule: CompiledRule, wanted: list[Wanted], acting: bool) -> None:
        if rule.limits:
            amounts, why = self.allotment.allot(rule, wanted)
        else:
            amounts, why = [each.points for each in wanted], ""
        gave = any(amounts)
        acts = acting and (gave or not why)
        if acts:
            self.acts += [Act(rule.code, index, each.kind, each.params) for index, each in rule.actions]
            self._move(rule)
        times = self.allotment.count_times(rule) if rule.limits and (gave or acts) else ()
        # Not zip: checking that both are as long costs as much as the rest of the loop.
        for index, each in enumerate(wanted):
            if points := amounts[index]:
                self._book(rule, each, points, times)
                times = ()
        # Of a rule that gave no points there is no award to take them back with.
        if times:
            self.raised += [Raised(key, period, 1) for key, period in times]
        self._tell(rule, wanted, amounts, why)

    def _move(self, rule: CompiledRule) -> None:
        for each in rule.moves:
            if isinstance(each, Advancer):
                self.advances.append((each.achievement, each.steps(self.facts) or 0))
            else:
                self.badges.append(each.badge)

    def _book(self, rule: CompiledRule, each: Wanted, points: int, times: tuple[CounterRef, ...]) -> None:
        effect, currency = each.effect, self.program.currencies[each.effect.currency]
        counted = self._count(currency, points)
        if rule.limits:
            counted = self.allotment.count_points(rule, currency.code, points) + counted
        dates = self._dates(currency.code, effect.terms)
        giver = effect if type(effect) is Giver else None
        if giver is not None:
            self.given.append((rule.code, rule.group, currency.code, points, each.lines))
        whole = self.whole
        # In the order of the struct: naming eighteen fields takes seven times as long as filling them.
        award = Award(
            rule.code,
            each.index,
            currency.code,
            each.points,
            points,
            decimal_text(each.numerator, each.denominator * currency.one) if whole else "",
            each.base_minor,
            giver.parts if giver is not None else "",
            _reason(effect, each.base_minor, self.program.document.program.money_currency) if whole else _NO_REASON,
            dates.activates_at,
            dates.expires_at,
            counted,
            times,
            each.lines,
            dates.rolls,
            dates.waits_for,
            dates.drops,
            dates.expiry,
        )
        self.awards.append(award)

    def _gift(self, gift: Gift) -> None:
        """Points that completing something gives: no rule's limits hold for them, and nothing multiplies them."""
        effect, given = gift.giver, gift.given
        currency = self.program.currencies[effect.currency]
        points = min(given.points, MAX_AWARD)
        dates = self._dates(currency.code, effect.terms)
        self.awards.append(
            Award(
                rule=gift.code,
                effect=gift.index,
                currency=currency.code,
                desired=points,
                awarded=points,
                base_unrounded=decimal_text(given.numerator, given.denominator * currency.one) if self.whole else "",
                base_minor=None,
                base_parts="",
                reason={"kind": effect.kind} if self.whole else _NO_REASON,
                activates_at=dates.activates_at,
                expires_at=dates.expires_at,
                counted=self._count(currency, points),
                rolls=dates.rolls,
                waits_for=dates.waits_for,
                drops=dates.drops,
                expiry=dates.expiry,
            )
        )

    def _count(self, currency: CompiledCurrency, points: int) -> tuple[CounterRef, ...]:
        """Counts points for tiers and leaderboards; returns what a reversal takes off again."""
        refs = self.refs.get(currency.code)
        if refs is None:
            day = self.facts.local_date
            refs = tuple([(key, window.start(day, self.facts.anchor(window))) for key, window in currency.tiers])
            boards = self.program.achievements.points.get(currency.code, ())
            refs += tuple([(key, period_start(period, day)) for key, period in boards])
            self.refs[currency.code] = refs
        added = self.facts.added
        for ref in refs:
            added[ref] = added.get(ref, 0) + points
        return refs

    def _dates(self, code: str, terms: Terms | None) -> AwardDates:
        found = self.dates.get(code) if terms is None else None
        if found is None:
            currency = self.program.currencies[code]
            expiry = terms.expiry if terms is not None else None
            found = award_terms(
                currency,
                self.facts.event.occurred_at,
                self.program.zone,
                expiry=expiry if expiry is not None else self._expiry(currency),
                pending_days=terms.pending_days if terms is not None else None,
            )
            if terms is None:
                self.dates[code] = found
        return found

    def _expiry(self, currency: CompiledCurrency) -> Expiry:
        """The currency's expiry for the tiers that the member held then."""
        for each in currency.by_tier:
            ladder = self.program.ladders[each.ladder]
            if self.facts.member.tiers.get(each.ladder, ladder.tiers[0].code) in each.tiers:
                return each.expiry
        return currency.expiry

    def _tell(self, rule: CompiledRule, wanted: list[Wanted], amounts: list[int], why: str) -> None:
        """Adds to the rule's trace; a rule that both gives and multiplies passes here twice."""
        before = self.trace[rule.order]
        if before is UNTOLD and not wanted and rule.givers and not rule.multipliers:
            self.trace[rule.order] = RuleTrace(rule.code, "not_matched", f"effects[{rule.givers[0][0]}].amount")
            return
        told: tuple[TraceAmount, ...] = ()
        for index, each in enumerate(wanted):
            if each.points:
                told += (TraceAmount(each.effect.currency, each.points, amounts[index]),)
        if before is not UNTOLD:
            told, why = before.amounts + told, before.why or why
        self.trace[rule.order] = RuleTrace(rule.code, "capped" if why else "fired", why, told)


def _off(rule: CompiledRule, at: datetime) -> Outcome | None:
    """Why the rule isn't asked at that time."""
    if not rule.enabled:
        return "disabled"
    early = rule.starts_at is not None and at < rule.starts_at
    return "out_of_schedule" if early or (rule.ends_at is not None and at >= rule.ends_at) else None


def _order(rule: CompiledRule) -> int:
    return rule.order


def _reason(effect: Giver | Multiplier, base_minor: int | None, money: str) -> dict[str, str | int]:
    if base_minor is None:
        return {"kind": effect.kind}
    return {"kind": effect.kind, "base_minor": base_minor, "money": money}
