"""Messages that rules send: to members who have allowed it, in their language."""

from __future__ import annotations

from loyalty.acts import ActCall, act_handler
from loyalty.definition.translation import text_in
from members.letters import letter_queue
from members.models import Consent, Member
from members.selectors import consents_in_force, member_by_public_id


@act_handler("send_message")
def message_send(call: ActCall) -> None:
    """Queued with the mark of its cause, so once. A message of a rule is an offer: without consent it isn't sent."""
    member = member_by_public_id(call.member_id)
    if member is None or not member.email or member.status != Member.Status.ACTIVE or call.undone():
        return
    consent = consents_in_force(member).get(Consent.Purpose.MARKETING_EMAIL)
    if consent is None or not consent.granted:
        return
    letter_queue(
        kind="rule_message",
        to=member.email,
        language=member.language,
        path="/",
        headline=text_in(call.params["subject"], member.language),
        words=text_in(call.params["text"], member.language),
    )
