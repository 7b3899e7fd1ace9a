"""Messages that rules send: once per (event, rule, effect), in the member's language, to whom they may be sent."""

from __future__ import annotations

from core.idempotency import body_digest, idempotent
from engagement.messages.definition import SECTION, Messages, MessageTemplate
from engagement.messages.wording import Wording, said_of, wording_of
from loyalty.acts import ActCall, act_handler
from loyalty.definition.document import Document
from loyalty.definition.sections import section_of
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment, Event
from loyalty.selectors import program_state_of
from members.letters import letter_queue
from members.models import Consent, Member
from members.selectors import consents_in_force

# Of the record by which a message is known to have been written, or not to be.
PRINCIPAL = "act:send_message"
LETTERS = {"marketing": "rule_message", "service": "rule_notice"}


@act_handler("send_message")
def message_send(call: ActCall) -> None:
    """However often it comes, one letter or none: whoever may not be written to today isn't written to later either.

    An offer takes consent. What is about the member's own doings takes an address alone.
    """
    idempotent(
        principal=PRINCIPAL,
        key=call.key,
        request_hash=body_digest(call.member_id.encode()),
        required=True,
        run=lambda: (200, {"written": _written(call)}),
    )


def _written(call: ActCall) -> bool:
    place = call.enrollment()
    if place is None or not place.member.email or place.member.status != Member.Status.ACTIVE or call.undone():
        return False
    wording = _wording(call, place)
    if wording.purpose == "marketing" and not offers_allowed(place.member):
        return False
    letter_queue(
        kind=LETTERS[wording.purpose],
        to=place.member.email,
        language=place.member.language,
        path="/",
        headline=wording.subject,
        words=wording.text,
    )
    return True


def offers_allowed(member: Member) -> bool:
    """Whether the member's last word on offers by e-mail was yes."""
    consent = consents_in_force(member).get(Consent.Purpose.MARKETING_EMAIL)
    return consent is not None and consent.granted


def _wording(call: ActCall, place: Enrollment) -> Wording:
    language = place.member.language
    if "template" not in call.params:
        subject, text = (text_in(call.params[name], language) for name in ("subject", "text"))
        return Wording(subject=subject, text=text, purpose="marketing")
    event = Event.objects.get(pk=call.event_id)
    document = _document(event)
    return wording_of(_template(document, call.params["template"]), document, said_of(place, event, document), language)


def _document(event: Event) -> Document:
    """As it was when the rule fired: the message is there in the version that judged the event."""
    state = program_state_of(event.program_id)
    if event.version_id is None:
        return state.at(event.occurred_at).document
    return state.version(event.version_id).document


def _template(document: Document, code: str) -> MessageTemplate:
    section: Messages = section_of(document.sections, SECTION)
    return next(each for each in section.items if each.code == code)
