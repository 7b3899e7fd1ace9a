"""The section made ready for asking: times resolved, conditions built, what the database looks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalty.definition.compile import local_time
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.conditionbase import Check, ConditionScope
from loyalty.definition.facts import Facts, plan_fact
from loyalty.definition.membertests import PlanTest, SegmentTest, TierTest
from loyalty.definition.sections import section_of
from rewards.benefits.definition import SECTION, Benefit, BenefitsSection
from rewards.benefits.repeating import Dated, dates_from

KEPT = 512


class PlannedBenefit(Struct, frozen=True):
    """starts_at, ends_at: of its schedule, None where a side is open."""

    benefit: Benefit
    starts_at: datetime | None
    ends_at: datetime | None
    checks: tuple[Check, ...]
    zone: ZoneInfo
    wanted: Mapping[str, Any]

    def open_at(self, at: datetime) -> bool:
        """Whether it is given at all then."""
        begun = self.starts_at is None or self.starts_at <= at
        return self.benefit.enabled and begun and (self.ends_at is None or at < self.ends_at)

    def dates_from(self, since: datetime, ahead: timedelta) -> list[Dated]:
        """The dates of its calendar that aren't over at `since`, in order; of what repeats, for so long ahead."""
        found: list[Dated] = []
        for moment in self.benefit.moments:
            dates = dates_from(moment, self.zone, since)
            if moment.repeats is not None:
                dates = takewhile(lambda each: each.starts_at <= since + ahead, dates)
            found += dates
        return sorted(found, key=lambda each: each.starts_at)

    def held_by(self, facts: Facts) -> bool:
        """Whether the member whose facts these are gets it, by what the program says."""
        return not self.checks or any(check(facts) is None for check in self.checks)


class BenefitPlan(Struct, frozen=True):
    """All benefits of a program, in the document's order."""

    section: BenefitsSection
    benefits: Mapping[str, PlannedBenefit]

    def open_at(self, at: datetime) -> list[PlannedBenefit]:
        return [each for each in self.benefits.values() if each.open_at(at)]


_made: dict[int, tuple[CompiledProgram, BenefitPlan]] = {}


def benefit_plan(program: CompiledProgram) -> BenefitPlan:
    """Of a compiled program; kept with it, so that asking again costs nothing."""
    known = _made.get(id(program))
    if known is not None:
        return known[1]
    section = section_of(program.document.sections, SECTION) or BenefitsSection()
    first = {each.code: each.tiers[0].code for each in program.document.ladders if each.tiers}
    scope = ConditionScope(program.zone, first)
    plan = BenefitPlan(section, {each.code: _planned(each, program, scope) for each in section.benefits})
    if len(_made) >= KEPT:
        _made.clear()
    # The program is kept beside it, so that its id isn't given to another meanwhile.
    _made[id(program)] = (program, plan)
    return plan


def _planned(each: Benefit, program: CompiledProgram, scope: ConditionScope) -> PlannedBenefit:
    schedule = each.schedule
    zone = program.zone
    return PlannedBenefit(
        benefit=each,
        starts_at=local_time(schedule.starts_at, zone) if schedule and schedule.starts_at else None,
        ends_at=local_time(schedule.ends_at, zone) if schedule and schedule.ends_at else None,
        checks=tuple(test.build(f"given_to[{index}]", scope) for index, test in enumerate(each.given_to)),
        zone=zone,
        wanted=_wanted(each, scope),
    )


def _wanted(each: Benefit, scope: ConditionScope) -> dict[str, Any]:
    """Who holds it, as grants.py asks the database: tiers as `ladder:tier`, plans, facts of segments."""
    tests = each.given_to
    tiers = [f"{test.ladder}:{code}" for test in tests if isinstance(test, TierTest) for code in test.any_of]
    plans = [test.any_of for test in tests if isinstance(test, PlanTest)]
    return {
        "code": each.code,
        "everyone": not tests,
        "tiers": tiers,
        # Everybody begins on a ladder's first tier, also who has no standing on it yet.
        "first": [ladder for ladder, tier in scope.first_tiers.items() if f"{ladder}:{tier}" in tiers],
        "any_plan": any(not codes for codes in plans),
        "plans": [code for codes in plans for code in codes],
        "segments": [
            *(f"segment:{code}" for test in tests if isinstance(test, SegmentTest) for code in test.any_of),
            # A plan beside the highest one, or a part of a bundle, is a fact of its own, as a segment is.
            *(plan_fact(code) for codes in plans for code in codes),
        ],
    }
