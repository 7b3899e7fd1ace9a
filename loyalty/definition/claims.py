"""What members can send a proof of, and how they check in: the part of the document that the claims room works by."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.definition.basics import Code, LocalText, Trigger
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems, unknown
from loyalty.definition.translation import N_, Teller

ProofKind = Literal["link", "photo", "receipt", "text"]
FieldKind = Literal["text", "number", "money", "date", "choice"]
FilledBy = Literal["member", "staff"]
ClaimPeriod = Literal["day", "week", "month", "year", "ever"]

_PROOFS = {"link": N_("a link"), "photo": N_("a photo"), "receipt": N_("a receipt"), "text": N_("a text")}
# Events with a shape of their own, which an approved claim can't have, and the one that only the product says.
NOT_CLAIMED = frozenset({"order.paid", "order.returned", "member.enrolled", "member.birthday", "store.checked_in"})
# Where the event tells which claim it came from.
OWN_FIELD = "claim"
MAX_CLAIM_TYPES, MAX_FIELDS, MAX_CHOICES, MAX_REASONS = 50, 20, 50, 20


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent. needed False: may be sent as well. A receipt is a picture or a PDF, a photo a picture."""

    kind: ProofKind
    needed: bool = True

    def words(self, teller: Teller) -> str:
        word = teller.say(_PROOFS[self.kind])
        return word if self.needed else teller.tell(N_("%(proof)s if there is one"), proof=word)


class ClaimChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code
    name: LocalText

    def words(self, teller: Teller) -> str:
        return teller.text(self.name)


class ClaimField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of the event. number: whole; money: minor units; date: YYYY-MM-DD; choice: the code.

    by: staff fill in theirs when they approve, and may correct the member's then. least, most: of a number or an
    amount.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    kind: FieldKind = "text"
    by: FilledBy = "member"
    needed: bool = True
    choices: tuple[ClaimChoice, ...] = ()
    least: Annotated[int, Meta(ge=0, le=10**11)] = 0
    most: Annotated[int, Meta(ge=0, le=10**11)] | None = None


class ClaimType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a member can show to have done. The approval becomes an event of event_type with the fields as payload.

    counts_from: whether the event happened when the claim was sent or when it was approved. open_at_most: waiting ones
    of one member. at_most: waiting and approved ones of one member within the period, by local days; null: no limit.
    unique_by: fields that together show that it is the same thing again, such as a receipt's number, shop and amount.
    reasons: what staff can refuse with at a click. keep_files_days: how long files are kept after the decision.
    """

    code: Code
    name: LocalText
    description: LocalText = ""
    event_type: Trigger
    enabled: bool = True
    proofs: tuple[Proof, ...] = (Proof(kind="photo"),)
    fields: tuple[ClaimField, ...] = ()
    unique_by: tuple[Code, ...] = ()
    counts_from: Literal["submitted", "approved"] = "submitted"
    open_at_most: Annotated[int, Meta(ge=1, le=100)] = 5
    at_most: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    period: ClaimPeriod = "ever"
    reasons: tuple[LocalText, ...] = ()
    keep_files_days: Annotated[int, Meta(ge=1, le=3_650)] = 90

    def field(self, code: str) -> ClaimField:
        """The field of that code; KeyError when there is none."""
        for each in self.fields:
            if each.code == code:
                return each
        raise KeyError(code)

    def proof(self, kind: str) -> Proof | None:
        return next((each for each in self.proofs if each.kind == kind), None)


class CheckInRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How members check in at places. again_after_hours: once per place within so many.

    A position counts up to max_accuracy_m of uncertainty, of which slack_m at most is added to the place's radius. Who
    would have had to travel faster than max_speed_kmh since the last check-in is refused, or held for staff.
    """

    by_position: bool = True
    by_code: bool = True
    again_after_hours: Annotated[int, Meta(ge=1, le=24 * 366)] = 12
    max_accuracy_m: Annotated[int, Meta(ge=5, le=5_000)] = 150
    slack_m: Annotated[int, Meta(ge=0, le=1_000)] = 50
    max_speed_kmh: Annotated[int, Meta(ge=10, le=2_000)] = 150
    too_fast: Literal["hold", "refuse"] = "hold"


def claim_events(claim_types: tuple[ClaimType, ...]) -> frozenset[str]:
    """The event types that approvals become; the program knows them, whether a rule waits for them or not."""
    return frozenset(each.event_type for each in claim_types)


def claim_types_problems(claim_types: tuple[ClaimType, ...]) -> Problems:
    yield from twice_problems(claim_types, "claim_types")
    for index, each in enumerate(claim_types):
        yield from _claim_type(each, f"claim_types[{index}]")


def _claim_type(claim: ClaimType, path: str) -> Problems:
    yield from text_problems(claim.name, f"{path}.name", 120)
    yield from text_problems(claim.description, f"{path}.description", 600, needed=False)
    if claim.event_type in NOT_CLAIMED:
        yield Problem(
            f"{path}.event_type",
            phrase("An approved claim can't become %(event_type)r.", event_type=claim.event_type),
            phrase("Use a type of your own, such as gear.taken_back."),
        )
    kinds = [each.kind for each in claim.proofs]
    if len(set(kinds)) != len(kinds):
        yield Problem(f"{path}.proofs", phrase("The same kind stands there twice."), phrase("Name each kind once."))
    if not kinds and not any(each.by == "member" for each in claim.fields):
        yield Problem(
            f"{path}.proofs",
            phrase("The member sends nothing."),
            phrase("Ask for a proof, or for a field of the member's."),
        )
    if claim.period != "ever" and claim.at_most is None:
        yield Problem(
            f"{path}.period", phrase("There is a period without a number."), phrase("Say at_most too, or leave it out.")
        )
    if len(claim.reasons) > MAX_REASONS:
        yield Problem(
            f"{path}.reasons",
            phrase("There are %(n)s.", n=len(claim.reasons)),
            phrase("At most %(most)s.", most=MAX_REASONS),
        )
    for index, reason in enumerate(claim.reasons[:MAX_REASONS]):
        yield from text_problems(reason, f"{path}.reasons[{index}]", 300)
    yield from _fields(claim, path)


def _fields(claim: ClaimType, path: str) -> Problems:
    if len(claim.fields) > MAX_FIELDS:
        yield Problem(
            f"{path}.fields",
            phrase("There are %(n)s.", n=len(claim.fields)),
            phrase("At most %(most)s.", most=MAX_FIELDS),
        )
        return
    yield from twice_problems(claim.fields, f"{path}.fields")
    for index, field in enumerate(claim.fields):
        yield from _field(field, f"{path}.fields[{index}]")
    known = {each.code for each in claim.fields}
    for index, code in enumerate(claim.unique_by):
        if code not in known:
            yield unknown(f"{path}.unique_by[{index}]", phrase("field"), code, known)


def _field(field: ClaimField, path: str) -> Problems:
    yield from text_problems(field.name, f"{path}.name", 120)
    yield from text_problems(field.description, f"{path}.description", 300, needed=False)
    if field.code == OWN_FIELD:
        yield Problem(
            f"{path}.code", phrase("`claim` tells which claim it was."), phrase("Give the field another code.")
        )
    if field.most is not None and field.most < field.least:
        yield Problem(f"{path}.most", phrase("It lies below least."), phrase("Make it at least as large."))
    if field.kind == "choice" and not 1 <= len(field.choices) <= MAX_CHOICES:
        yield Problem(
            f"{path}.choices",
            phrase("There are %(n)s.", n=len(field.choices)),
            phrase("A choice has 1 to %(most)s.", most=MAX_CHOICES),
        )
        return
    if field.kind != "choice" and field.choices:
        yield Problem(
            f"{path}.choices", phrase("Only a choice has choices."), phrase("Leave them out, or say kind: choice.")
        )
    yield from twice_problems(field.choices, f"{path}.choices")
    for index, choice in enumerate(field.choices):
        yield from text_problems(choice.name, f"{path}.choices[{index}].name", 120)
