"""How members bring friends: the section `referrals` of a program's document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, Trigger
from loyalty.definition.compile import rule_currencies
from loyalty.definition.conditions import MAX_DEPTH, MAX_NODES, All, AttributeTest, Condition, condition_size
from loyalty.definition.effectbase import Action, EffectScope
from loyalty.definition.effects import Effect, Multiply
from loyalty.definition.limitchecks import limits_problems
from loyalty.definition.limits import Limit
from loyalty.definition.membertests import MemberTest
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.pathchecks import rule_path_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems, unknown
from loyalty.definition.rule import Rule
from loyalty.definition.translation import Teller

SECTION = "referrals"
CONVERTED, MILESTONE_REACHED = "referral.converted", "referral.milestone"
ACT = "referral_convert"
# The fact by which the engine tells a friend whose first step is waited for from everybody else.
OPEN_FACT = "referral_open"
GROUP = "referrals"
MAX_EFFECTS, MAX_MILESTONES = 10, 20
# Events of one's own arrival lie before the binding, returns can't be waited for.
_NEVER = frozenset({"member.enrolled", "order.returned", "event.reversed", CONVERTED, MILESTONE_REACHED})

SignalKind = Literal[
    "same_person", "similar_email", "same_address", "same_card", "many_from_ip", "not_first_order", "suspended"
]


class Conversion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a friend must do: an event of this type that meets the conditions.

    least_minor: of an order, what it must come to, and what must be left of it after returns. within_days: of being
    brought; null: whenever.
    """

    trigger: Trigger = "order.paid"
    when: Condition | None = None
    least_minor: Annotated[int, Meta(ge=0, le=10**11)] = 0
    within_days: Annotated[int, Meta(ge=1, le=3_650)] | None = None


class Side(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one of the two gets. description: the reason that they read. limits, caps: as a rule has them."""

    description: LocalText = ""
    effects: tuple[Effect, ...] = ()
    limits: tuple[Limit, ...] = ()
    caps: tuple[Code, ...] = ()


class FriendMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the n-th friend that counts brings on top."""

    at: Annotated[int, Meta(ge=1, le=10_000)]
    description: LocalText = ""
    effects: tuple[Effect, ...]


class Signal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """off: isn't looked at. flag: adds its weight; from flag_at on staff look. block: nothing is given."""

    does: Literal["off", "flag", "block"] = "flag"
    weight: Annotated[int, Meta(ge=1, le=100)] = 100


class CrowdSignal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same for friends from one IP address: at_least so many, whoever brought them, within so many days."""

    does: Literal["off", "flag", "block"] = "flag"
    weight: Annotated[int, Meta(ge=1, le=100)] = 100
    at_least: Annotated[int, Meta(ge=2, le=1_000)] = 3
    days: Annotated[int, Meta(ge=1, le=365)] = 7


class Signals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What speaks against a referral. same_person: the same phone number, or name and date of birth. similar_email:
    the same but for dots, a part after + and a letter or two."""

    same_person: Signal = Signal(does="block")
    similar_email: Signal = Signal()
    same_address: Signal = Signal()
    same_card: Signal = Signal()
    many_from_ip: CrowdSignal = CrowdSignal()
    not_first_order: Signal = Signal(does="block")


class Referrals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """hold_days: after the friend's first step, until goods can no longer be returned; then both sides are given.

    join_days: how long after joining a friend can still be told to be one. flag_at: the weight from which staff look.
    own_codes: members may choose their code. keep_traces_days: how long keyed hashes of IP addresses, cards and postal
    addresses are kept. share_text: what goes with the link; landing_text: what the friend reads.
    """

    enabled: bool = True
    conversion: Conversion = Conversion()
    referrer: Side = Side()
    friend: Side = Side()
    milestones: tuple[FriendMilestone, ...] = ()
    hold_days: Annotated[int, Meta(ge=0, le=365)] = 14
    join_days: Annotated[int, Meta(ge=0, le=3_650)] = 30
    signals: Signals = Signals()
    flag_at: Annotated[int, Meta(ge=1, le=600)] = 100
    own_codes: bool = False
    keep_traces_days: Annotated[int, Meta(ge=1, le=730)] = 90
    share_text: LocalText = ""
    landing_text: LocalText = ""


class Convert(Struct, frozen=True, tag_field="kind", tag=ACT):
    """The effect of the rule that waits for a friend's first step; no document can hold it."""

    def problems(self, path: str, ground: Ground) -> Problems:
        yield from ()

    def words(self, teller: Teller) -> str:
        return ACT

    def build(self, scope: EffectScope) -> Action:
        return Action(ACT, {"follows_returns": True})


def referral_rules(section: Referrals) -> tuple[Rule, ...]:
    """The section as rules: what is waited for, and what is given then. Of a section switched off: what is given, for
    referrals that are under way."""
    rules = [] if not section.enabled else [_conversion(section.conversion)]
    for side, name in (("referrer", "You brought a friend"), ("friend", "A friend brought you")):
        part: Side = getattr(section, side)
        if part.effects:
            told = part.description or {"en": name, "nl": _DUTCH[side]}
            rules.append(
                _given(side, CONVERTED, AttributeTest(path="referral.side", operator="eq", value=side), told, part)
            )
    for each in section.milestones:
        told = each.description or {"en": f"You brought {each.at} friends", "nl": f"Je bracht {each.at} vrienden aan"}
        test = AttributeTest(path="referral.number", operator="eq", value=each.at)
        rules.append(_given(f"milestone_{each.at}", MILESTONE_REACHED, test, told, Side(effects=each.effects)))
    return tuple(rules)


_DUTCH = {"referrer": "Je bracht een vriend aan", "friend": "Een vriend bracht je aan"}


def rule_code(name: str) -> str:
    return f"{SECTION}__{name}"


def _conversion(conversion: Conversion) -> Rule:
    tests: list[Condition] = [] if conversion.when is None else [conversion.when]
    if conversion.least_minor:
        tests.append(AttributeTest(path="order.total_minor", operator="ge", value=conversion.least_minor))
    return Rule(
        code=rule_code("conversion"),
        name={"en": "A friend's first step", "nl": "De eerste stap van een vriend"},
        trigger=conversion.trigger,
        audience=MemberTest(attribute=f"facts.{OPEN_FACT}", operator="eq", value=True),
        when=All(of=tuple(tests)) if tests else None,
        effects=(Convert(),),  # type: ignore[arg-type]  # not for documents, so not in the union
        group=GROUP,
    )


def _given(name: str, trigger: str, test: AttributeTest, told: LocalText, part: Side) -> Rule:
    return Rule(
        code=rule_code(name),
        name=told,
        description=told,
        trigger=trigger,
        when=test,
        effects=part.effects,
        limits=part.limits,
        caps=part.caps,
        group=GROUP,
    )


# --- what types alone can't say ----------------------------------------------------------------------------------
def referrals_problems(section: Referrals, path: str, ground: Ground) -> Problems:
    yield from _conversion_problems(section.conversion, f"{path}.conversion", ground)
    yield from _side(section.referrer, f"{path}.referrer", ground)
    yield from _side(section.friend, f"{path}.friend", ground)
    if not (section.referrer.effects or section.friend.effects or section.milestones):
        yield Problem(
            path, phrase("Nobody gets anything."), phrase("Give the one who brings a friend something, or the friend.")
        )
    if len(section.milestones) > MAX_MILESTONES:
        yield _many(f"{path}.milestones", len(section.milestones), MAX_MILESTONES)
        return
    yield from twice_problems(section.milestones, f"{path}.milestones", "at")
    for index, each in enumerate(section.milestones):
        here = f"{path}.milestones[{index}]"
        yield from text_problems(each.description, f"{here}.description", 200, needed=False)
        yield from _effects(each.effects, f"{here}.effects", ground)
        if not each.effects:
            yield Problem(
                f"{here}.effects",
                phrase("This milestone gives nothing."),
                phrase("Say what it gives, or leave it out."),
            )
    yield from text_problems(section.share_text, f"{path}.share_text", 300, needed=False)
    yield from text_problems(section.landing_text, f"{path}.landing_text", 600, needed=False)
    for code in (each.code for each in referral_rules(section)):
        if code in ground.rules:
            yield Problem(
                path, phrase("A rule has the code %(code)r.", code=code), phrase("Give that rule another code.")
            )


def _conversion_problems(conversion: Conversion, path: str, ground: Ground) -> Problems:
    if conversion.trigger in _NEVER:
        yield Problem(
            f"{path}.trigger",
            phrase("%(trigger)s can't be a friend's first step.", trigger=conversion.trigger),
            phrase("Use what a friend does after joining, such as order.paid."),
        )
        return
    if conversion.least_minor and conversion.trigger != "order.paid":
        yield Problem(
            f"{path}.least_minor",
            phrase("Only an order has an amount."),
            phrase("Leave it out, or wait for order.paid."),
        )
        return
    if conversion.when is not None:
        depth, nodes = condition_size(conversion.when)
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            yield Problem(
                f"{path}.when",
                phrase("There are too many conditions."),
                phrase("At most %(n)s, %(deep)s deep.", n=MAX_NODES, deep=MAX_DEPTH),
            )
            return
        yield from conversion.when.problems(f"{path}.when", ground)
        rule = Rule(code="x", name="x", trigger=conversion.trigger, when=conversion.when, effects=())
        yield from rule_path_problems(rule, path, ground)


def _side(side: Side, path: str, ground: Ground) -> Problems:
    yield from text_problems(side.description, f"{path}.description", 200, needed=False)
    yield from _effects(side.effects, f"{path}.effects", ground)
    if len(side.limits) > 10:
        yield _many(f"{path}.limits", len(side.limits), 10)
    given = rule_currencies(Rule(code="x", name="x", trigger=CONVERTED, effects=side.effects))
    yield from limits_problems(side.limits[:10], f"{path}.limits", given, ground)
    for index, code in enumerate(side.caps):
        if code not in ground.cap_groups:
            yield unknown(f"{path}.caps[{index}]", phrase("cap group"), code, ground.cap_groups)
        elif code in side.caps[:index]:
            yield Problem(
                f"{path}.caps[{index}]", phrase("%(code)r is named twice.", code=code), phrase("Name it once.")
            )


def _effects(effects: tuple[Effect, ...], path: str, ground: Ground) -> Iterator[Problem]:
    if len(effects) > MAX_EFFECTS:
        yield _many(path, len(effects), MAX_EFFECTS)
    for index, effect in enumerate(effects[:MAX_EFFECTS]):
        if isinstance(effect, Multiply):
            yield Problem(
                f"{path}[{index}]", phrase("There is nothing to multiply here."), phrase("Give points instead.")
            )
            continue
        yield from effect.problems(f"{path}[{index}]", ground)


def _many(path: str, n: int, most: int) -> Problem:
    return Problem(path, phrase("There are %(n)s.", n=n), phrase("At most %(most)s.", most=most))
