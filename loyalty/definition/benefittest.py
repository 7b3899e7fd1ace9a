"""The condition of whether a member has used a benefit: never, not lately, or not since they were last charged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code
from loyalty.definition.conditionbase import Check, ConditionScope
from loyalty.definition.facts import CHARGED_FACT, Facts, benefit_fact
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from loyalty.definition.translation import N_, Teller

_WORDS = {
    (True, "ever"): N_("the member has used %(benefits)s"),
    (True, "last_charge"): N_("the member has used %(benefits)s since the last charge"),
    (True, "days"): N_("the member has used %(benefits)s in the last %(n)d days"),
    (False, "ever"): N_("the member has never used %(benefits)s"),
    (False, "last_charge"): N_("the member hasn’t used %(benefits)s since the last charge"),
    (False, "days"): N_("the member hasn’t used %(benefits)s in the last %(n)d days"),
}


class BenefitTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="benefit"):
    """The member has used one of these benefits, or none of them: ever, since the last charge, or in the last `days`.

    As it is known when the event is judged. Who was never charged has used nothing since the last charge.
    """

    any_of: tuple[Code, ...]
    used: bool = True
    since: Literal["ever", "last_charge", "days"] = "ever"
    days: Annotated[int, Meta(ge=1, le=3660)] | None = None

    def problems(self, path: str, ground: Ground) -> Problems:
        if not self.any_of:
            yield Problem(f"{path}.any_of", phrase("No benefit is named."), phrase("Name one benefit or more."))
        if (self.since == "days") != (self.days is not None):
            yield Problem(
                f"{path}.days",
                phrase("Days are told exactly when since is days."),
                phrase("Say since: days and days: 30."),
            )

    def words(self, teller: Teller) -> str:
        message = _WORDS[self.used, self.since]
        return teller.tell(message, benefits=teller.list_or(list(self.any_of)), n=self.days or 0)

    def build(self, path: str, scope: ConditionScope) -> Check:
        keys, wanted = tuple(benefit_fact(code) for code in self.any_of), self.used

        def check(facts: Facts) -> str | None:
            since = self._since(facts)
            used = any(_after(facts.member.facts.get(key), since) for key in keys)
            return None if used is wanted else path

        return check

    def _since(self, facts: Facts) -> datetime | None:
        """From when on a use counts; None: whenever."""
        if self.since == "days":
            return facts.event.occurred_at - timedelta(days=self.days or 0)
        if self.since == "last_charge":
            charged = _instant(facts.member.facts.get(CHARGED_FACT))
            # Never charged: no use comes after that.
            return charged if charged is not None else facts.event.occurred_at + timedelta(days=1)
        return None


def _after(value: Any, since: datetime | None) -> bool:
    at = _instant(value)
    return at is not None and (since is None or at >= since)


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
