"""Effects that aren't points: a reward, a message, an attribute, a step in an achievement, a badge.

Rewards, messages and attributes are carried out after booking, by the room that registered the kind (loyalty/acts.py).
Steps and badges are part of the judgement itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from loyalty.definition.basics import AttributePath, Code, LocalText
from loyalty.definition.comparison import Value, values_at, values_words
from loyalty.definition.earnbase import EarnBase
from loyalty.definition.effectbase import Action, Advancer, EffectScope, Granter
from loyalty.definition.facts import Facts
from loyalty.definition.moneyeffects import LineFilter, PerMinor, reckoner
from loyalty.definition.partchecks import text_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.sections import MESSAGES, section_names
from loyalty.definition.translation import N_, Teller

# A member's attribute is no longer than an event's.
AttributeName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,59}$(?!\n)")]
# More than this many steps at once is cut: it keeps counters within a BIGINT.
MAX_STEPS = 10**12


class IssueReward(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="issue_reward"):
    """Gives the member a reward of the catalogue, free of points. It is taken back when the order is returned whole,
    as long as it wasn't used."""

    reward: Code
    quantity: Annotated[int, Meta(ge=1, le=10)] = 1

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ()

    def words(self, teller: Teller) -> str:
        if self.quantity == 1:
            return teller.tell(N_("the reward %(reward)s"), reward=self.reward)
        return teller.tell(N_("%(n)d times the reward %(reward)s"), n=self.quantity, reward=self.reward)

    def build(self, scope: EffectScope) -> Action:
        return Action("issue_reward", {"reward": self.reward, "quantity": self.quantity})


class EnterSweepstake(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="enter_sweepstake"
):
    """Enters the member in a sweepstake of the program, so many times, while it is open. The entries go again when the
    order is returned whole before it closes."""

    sweepstake: Code
    entries: Annotated[int, Meta(ge=1, le=1_000)] = 1

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ()

    def words(self, teller: Teller) -> str:
        name = teller.text(teller.sweepstakes.get(self.sweepstake, self.sweepstake))
        if self.entries == 1:
            return teller.tell(N_("an entry in the sweepstake %(name)s"), name=name)
        return teller.tell(N_("%(n)d entries in the sweepstake %(name)s"), n=self.entries, name=name)

    def build(self, scope: EffectScope) -> Action:
        return Action("enter_sweepstake", {"sweepstake": self.sweepstake, "entries": self.entries})


class SendMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="send_message"):
    """Writes to the member, in their language: what the section `messages` has under that code, or a subject and a text
    of its own, which go to whom allowed offers."""

    template: Code | None = None
    subject: LocalText = ""
    text: LocalText = ""

    def problems(self, path: str, ground: Ground) -> Problems:
        if self.template is None:
            yield from text_problems(self.subject, f"{path}.subject", 120)
            yield from text_problems(self.text, f"{path}.text", 2000)
            return
        known = section_names(ground.document.sections, MESSAGES)
        if known is not None and self.template not in known:
            yield unknown(f"{path}.template", phrase("message"), self.template, known)
        for name in ("subject", "text"):
            if getattr(self, name):
                yield Problem(
                    f"{path}.{name}",
                    phrase("The message %(code)r says this.", code=self.template),
                    phrase("Leave it empty, or name no message."),
                )

    def words(self, teller: Teller) -> str:
        if self.template is not None:
            return teller.tell(N_("the message “%(subject)s”"), subject=teller.message(self.template))
        return teller.tell(N_("the message “%(subject)s”"), subject=teller.text(self.subject))

    def build(self, scope: EffectScope) -> Action:
        if self.template is not None:
            return Action("send_message", {"template": self.template})
        return Action("send_message", {"subject": self.subject, "text": self.text})


class SetAttribute(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="set_attribute"
):
    """Notes something of the member, which conditions can ask as attributes.<name>."""

    name: AttributeName
    value: Value

    def problems(self, path: str, ground: Ground) -> Problems:
        if isinstance(self.value, str) and len(self.value) > 200:
            yield Problem(
                f"{path}.value", phrase("The value has %(n)s characters.", n=len(self.value)), phrase("At most 200.")
            )

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("%(name)s becomes %(value)s"), name=self.name, value=values_words(self.value, teller))

    def build(self, scope: EffectScope) -> Action:
        return Action("set_attribute", {"name": self.name, "value": self.value})


class Advance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="advance"):
    """Moves the member on in an achievement: by so many steps, or so many for every unit of an attribute of the event,
    or for every per_minor of money. What isn't whole is left out."""

    achievement: Code
    by: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    of: AttributePath | None = None
    per_minor: PerMinor | None = None
    amount_of: Code = "order"
    base: EarnBase = EarnBase()
    lines: LineFilter | None = None

    def problems(self, path: str, ground: Ground) -> Problems:
        known = _codes(ground, "achievements")
        if self.achievement not in known:
            yield unknown(f"{path}.achievement", phrase("achievement"), self.achievement, known)
        if self.of is not None and self.per_minor is not None:
            yield Problem(
                f"{path}.per_minor",
                phrase("Steps are counted from both of and money."),
                phrase("Leave one of them out."),
            )
        if self.lines is not None:
            yield from self.lines.problems(f"{path}.lines")
            if self.per_minor is None:
                yield Problem(
                    f"{path}.lines",
                    phrase("Lines only matter for money."),
                    phrase("Add per_minor, or leave lines out."),
                )

    def words(self, teller: Teller) -> str:
        name = teller.achievement(self.achievement)
        if self.of is not None:
            return teller.tell(N_("%(n)d for every %(unit)s towards %(name)s"), n=self.by, unit=self.of, name=name)
        if self.per_minor is not None:
            money = teller.money_of(self.per_minor)
            return teller.tell(N_("%(n)d for every %(money)s towards %(name)s"), n=self.by, money=money, name=name)
        return teller.tell(N_("%(n)d towards %(name)s"), n=self.by, name=name)

    def build(self, scope: EffectScope) -> Advancer:
        return Advancer(self.achievement, self._steps(scope))

    def _steps(self, scope: EffectScope) -> Callable[[Facts], int | None]:
        by, per = self.by, self.per_minor
        if self.of is not None:
            keys = tuple(self.of.split("."))
            return lambda facts: _cut(by, _number(facts.payload, keys))
        if per is None:
            return lambda facts: by
        reckon = reckoner(self.base, self.amount_of, scope.money, self.lines)

        def steps(facts: Facts) -> int | None:
            found = reckon(facts)
            if found is None:
                return None
            return min(by * found.amount * found.paid // (found.total * per), MAX_STEPS)

        return steps


class GrantBadge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="grant_badge"):
    """Gives the member a badge. One that they have is theirs anew from then on."""

    badge: Code

    def problems(self, path: str, ground: Ground) -> Problems:
        known = _codes(ground, "badges")
        if self.badge not in known:
            yield unknown(f"{path}.badge", phrase("badge"), self.badge, known)

    def words(self, teller: Teller) -> str:
        return teller.tell(N_("the badge %(badge)s"), badge=teller.badge(self.badge))

    def build(self, scope: EffectScope) -> Granter:
        return Granter(self.badge)


def _codes(ground: Ground, part: str) -> set[str]:
    return {each.code for each in getattr(ground.document, part, ())}


def _cut(by: int, number: int | None) -> int | None:
    return None if number is None else min(by * number, MAX_STEPS)


def _number(payload: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    """The whole units at the path, added up where it goes through a list; None without a number there."""
    found = [int(each) for each in values_at(payload, keys) if _counts(each)]
    return sum(found) if found else None


def _counts(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= MAX_STEPS
