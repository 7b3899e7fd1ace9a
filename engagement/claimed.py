"""Mails about what a member sent in: that it was approved, or why it wasn't."""

from __future__ import annotations

from typing import Any

from claims.models import Claim
from claims.selectors import claim_type_of
from core.outbox import Message, handler
from loyalty.definition.translation import text_in
from members.letters import letter_queue
from members.models import Member


@handler("claim.approved")
def claim_approved(message: Message) -> None:
    _letter("claim_approved", message)


@handler("claim.refused")
def claim_refused(message: Message) -> None:
    _letter("claim_refused", message)


def _letter(kind: str, message: Message) -> None:
    """To the member who sent the claim, in their language; nothing where they can't be written to."""
    rows = Claim.objects.select_related("enrollment__member")
    claim = rows.filter(pk=message.payload["claim_id"]).first()
    if claim is None:
        return
    member = claim.enrollment.member
    if not member.email or member.status != Member.Status.ACTIVE:
        return
    claim_type = claim_type_of(claim.enrollment.program_id, claim.type)
    words: dict[str, Any] = {"reason": text_in(claim.reason, member.language)} if claim.reason else {}
    letter_queue(
        kind=kind,
        to=member.email,
        language=member.language,
        name=member.name,
        path=f"/claims/{claim.pk}/",
        claim=text_in(claim_type.name, member.language) if claim_type is not None else claim.type,
        **words,
    )
