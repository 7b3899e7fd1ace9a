"""What the pages about friends show, read through selectors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.definition.acteffects import Advance, GrantBadge, IssueReward, SendMessage, SetAttribute
from loyalty.definition.document import Document
from loyalty.definition.effects import Effect
from loyalty.definition.translation import text_in
from loyalty.home import Link
from loyalty.models import Enrollment
from loyalty.prizewords import prizes_text
from loyalty.selectors import document_now
from loyalty.showcase import MemberTeller, teller_for
from referrals.codes import code_ensure
from referrals.definition import Referrals
from referrals.models import Referral, ReferralCode
from referrals.selectors import referral_of_friend, referrals_of, section_now, tally_of

Context = dict[str, Any]
SHOWN = 100


class Step(NamedTuple):
    """A milestone: how many friends, what it gives, whether it is reached."""

    at: int
    gives: str
    reached: bool


class Friend(NamedTuple):
    """A friend without a name: who they are is theirs to tell. word: how far it is, tone: of the badge."""

    since: datetime
    word: str
    tone: str
    note: str


def local(text: Any) -> str:
    return text_in(text, (get_language() or "en")[:2])


def gives(effects: tuple[Effect, ...], document: Document) -> str:
    """What a side gets, in the reader's words: names instead of codes, nothing of the machinery; empty for nothing."""
    teller = teller_for(document)
    told = teller.list_and([text for each in effects if (text := _given(each, document, teller))])
    return told[:1].upper() + told[1:]


def _given(effect: Effect, document: Document, teller: MemberTeller) -> str:
    if isinstance(effect, SendMessage | SetAttribute | Advance):
        return ""
    if isinstance(effect, IssueReward | GrantBadge):
        return prizes_text(document, (effect,), _, (get_language() or "en")[:2])
    return effect.words(teller)


def link_of(request: HttpRequest, code: ReferralCode) -> str:
    return request.build_absolute_uri(f"/r/{code.code}/")


def share_page(request: HttpRequest, enrollment: Enrollment, section: Referrals) -> Context:
    """The member's own page: link and code, how far they are, what their friends did."""
    document, code, tally = (
        document_now(enrollment.program_id),
        code_ensure(enrollment=enrollment),
        tally_of(enrollment),
    )
    steps = [
        Step(each.at, gives(each.effects, document), tally.approved >= each.at)
        for each in sorted(section.milestones, key=lambda each: each.at)
    ]
    following = next((each for each in steps if not each.reached), None)
    return {
        "enrollment": enrollment,
        "code": code,
        "link": link_of(request, code),
        "share_text": local(section.share_text) or _("Join with my link."),
        "own_codes": section.own_codes,
        "yours": gives(section.referrer.effects, document),
        "theirs": gives(section.friend.effects, document),
        "order": section.conversion.trigger == "order.paid",
        "hold_days": section.hold_days,
        "tally": tally,
        "steps": steps,
        "following": following,
        "to_go": following.at - tally.approved if following is not None else 0,
        "percent": min(100, tally.approved * 100 // following.at) if following is not None else 100,
        "brought": brought_page(enrollment),
        "friends": [friend_shown(each) for each in referrals_of(enrollment)[:SHOWN]],
    }


def friend_shown(row: Referral) -> Friend:
    state = Referral.State
    if row.state == state.APPROVED:
        return Friend(row.bound_at, _("counts"), "good", "")
    if row.state in (state.BLOCKED, state.VOID):
        return Friend(row.bound_at, _("doesn’t count"), "bad", _why_not(row))
    if row.state == state.FLAGGED:
        return Friend(row.bound_at, _("we are looking at it"), "wait", "")
    if row.converted_at is not None:
        return Friend(
            row.bound_at, _("almost there"), "wait", _("It counts once the goods can’t be returned any more.")
        )
    return Friend(row.bound_at, _("joined"), "wait", "")


def _why_not(row: Referral) -> str:
    """In words: why nothing came of it, and that what was given is gone again."""
    if row.because == Referral.Because.RETURNED:
        if row.taken_back:
            return _("The order was returned, so what you got for it was taken back.")
        return _("The order was returned.")
    if row.because == Referral.Because.TOO_LATE:
        return _("The first order came too late.") if row.converted_at else _("Nothing happened in time.")
    return _("What you got for it was taken back.") if row.taken_back else ""


def brought_page(enrollment: Enrollment) -> str:
    """What becomes of the reader's own coming by a friend; empty when nobody brought them."""
    row, state = referral_of_friend(enrollment), Referral.State
    if row is None:
        return ""
    if row.state == state.APPROVED:
        return _("You came by a friend’s link, and it counts: you got what is yours.")
    if row.state in (state.BLOCKED, state.VOID):
        if row.because == Referral.Because.RETURNED and row.taken_back:
            return _("You came by a friend’s link. You returned the order, so what you got for it was taken back.")
        return _("You came by a friend’s link, but it doesn’t count.")
    if row.converted_at is not None:
        return _("You came by a friend’s link. What you get comes once your order can’t be returned any more.")
    return _("You came by a friend’s link. What you get comes after your first step.")


def landing_page(code: ReferralCode) -> Context:
    """What the friend reads. Of whoever brought them: nothing but the name that they chose to show."""
    enrollment = code.enrollment
    document, section = document_now(enrollment.program_id), section_now(enrollment.program_id)
    shown: Context = {"code": code, "program_name": local(document.program.name), "open": section is not None}
    if section is not None:
        shown["text"] = local(section.landing_text)
        shown["theirs"] = gives(section.friend.effects, document)
        shown["order"] = section.conversion.trigger == "order.paid"
    return shown


def home_part(enrollment: Enrollment) -> Context:
    section = section_now(enrollment.program_id)
    if section is None:
        return {"open": False}
    return {"open": True, "yours": gives(section.referrer.effects, document_now(enrollment.program_id))}


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    if section_now(enrollment.program_id) is not None:
        yield Link("/friends/", _("Bring a friend"), "person", "referrals:share")
