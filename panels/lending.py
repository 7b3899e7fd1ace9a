"""From the invitation to the end: an address, a parcel, the answers, and where the product stays.

Each step takes the member's lock, then the tester's row; the same step again changes nothing. A unit that comes free
is given on under the panel's lock, last.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput
from core.outbox import outbox_add
from core.secrets import seal, unseal
from loyalty import ledger
from loyalty.payloads import text_check
from panels.answers import answers_read
from panels.applying import told
from panels.booking import answers_book_now, on_time
from panels.choosing import follow_on, today_of
from panels.definition import Buy, Keep
from panels.definition import Panel as Spec
from panels.errors import AddressMissing, WrongMoment
from panels.models import AnswerPhoto, Application, Participation
from panels.selectors import spec_of
from rewards.errors import NotInCountry, NotOffered
from rewards.fulfilment import Address
from rewards.models import Reward
from rewards.services import reward_redeem

PURPOSE = "panel_address"
State, Outcome = Participation.State, Participation.Outcome
MAX_NOTE = 300
TESTING = (State.RECEIVED, State.ANSWERED)


def invitation_accept(*, participation: Participation, address: Address | None, actor: Actor) -> Participation:
    """Say yes, and where to; until it is sent the address can be said anew.

    WrongMoment, AddressMissing, NotInCountry.
    """
    with transaction.atomic():
        row, spec = participation_locked(participation)
        _from(row, State.INVITED, State.ACCEPTED)
        if not spec.ships:
            if row.state == State.INVITED:
                row.accepted_at = clock.now()
                _received(row, spec)
                _audit(row, "panel.accept", actor)
                _told(row, "panel.accepted")
            return row
        if address is None:
            raise AddressMissing(field="address")
        if spec.countries and address.country not in spec.countries:
            raise NotInCountry(field="country", countries=list(spec.countries))
        row.address, row.country = seal(msgspec.json.encode(address).decode(), purpose=PURPOSE), address.country
        first = row.state == State.INVITED
        if first:
            row.state, row.accepted_at = State.ACCEPTED, clock.now()
        row.save(update_fields=["state", "accepted_at", "address", "country"])
        _audit(row, "panel.accept" if first else "panel.readdress", actor)
        if first:
            _told(row, "panel.accepted")
    return row


def invitation_decline(*, participation: Participation, actor: Actor, lapsed: bool = False) -> Participation:
    """Say no, until it is sent; lapsed: nobody said yes in time. Whoever stands by first is invited. WrongMoment."""
    to = State.LAPSED if lapsed else State.DECLINED
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        if row.state == to:
            return row
        _from(row, State.INVITED, *(() if lapsed else (State.ACCEPTED,)))
        row.state, row.closed_at, row.address, row.country = to, clock.now(), "", ""
        row.save(update_fields=["state", "closed_at", "address", "country"])
        _audit(row, "panel.lapse" if lapsed else "panel.decline", actor)
        _told(row, "panel.lapsed" if lapsed else "panel.declined")
        follow_on(row.application.panel_id)
    return row


def address_of(row: Participation) -> Address | None:
    """In the clear: for its owner, and for staff who send it."""
    if not row.address:
        return None
    return msgspec.json.decode(unseal(row.address, purpose=PURPOSE), type=Address)


def product_ship(*, participation: Participation, actor: Actor, carrier: str = "", tracking: str = "") -> Participation:
    """It left. While it is on its way, what is told of the carrier is filled in. WrongMoment."""
    for name, text in (("carrier", carrier), ("tracking", tracking)):
        text_check(text, name)
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        if row.shipped_at is not None and row.state != State.SHIPPED:
            return row
        _from(row, State.ACCEPTED, State.SHIPPED)
        first = row.state == State.ACCEPTED
        row.carrier, row.tracking = carrier.strip()[:60] or row.carrier, tracking.strip()[:120] or row.tracking
        if first:
            row.state, row.shipped_at = State.SHIPPED, clock.now()
        row.save(update_fields=["state", "shipped_at", "carrier", "tracking"])
        if first:
            _audit(row, "panel.ship", actor)
            _told(row, "panel.shipped", carrier=row.carrier, tracking=row.tracking)
    return row


def product_receive(*, participation: Participation, actor: Actor) -> Participation:
    """It is there: the days to answer and to send back are counted from today. WrongMoment."""
    with transaction.atomic():
        row, spec = participation_locked(participation)
        if row.received_at is not None:
            return row
        _from(row, State.SHIPPED)
        _received(row, spec)
        _audit(row, "panel.receive", actor)
        _told(row, "panel.received")
    return row


def answers_keep(*, participation: Participation, answers: Mapping[str, Any], actor: Actor) -> Participation:
    """A draft of the answers, for later. WrongMoment, AnswersRefused for what can't be an answer at all."""
    with transaction.atomic():
        row, spec = participation_locked(participation)
        _answerable(row)
        row.draft = answers_read(spec.questions, answers, unfinished=True)
        row.save(update_fields=["draft"])
    return row


def answers_send(*, participation: Participation, answers: Mapping[str, Any], actor: Actor) -> Participation:
    """Send the questionnaire, once; it becomes an event, which the program's rules may give points for.

    WrongMoment, AnswersRefused.
    """
    with transaction.atomic():
        row, spec = participation_locked(participation)
        if row.answered_at is not None:
            return row
        _answerable(row)
        photos = frozenset(AnswerPhoto.objects.filter(participation=row).values_list("question", flat=True))
        row.answers = answers_read(spec.questions, answers, photos=photos)
        row.draft, row.answered_at, row.state = {}, clock.now(), State.ANSWERED
        if isinstance(spec.after, Keep):
            _out(row, Outcome.KEPT)
        row.save(update_fields=["answers", "draft", "answered_at", "state", "outcome", "outcome_at"])
        _audit(row, "panel.answer", actor)
        _told(row, "panel.answered", on_time=on_time(row))
        _finished(row)
    answers_book_now(row)
    return row


def product_return(*, participation: Participation, actor: Actor) -> Participation:
    """Staff have it back. The answers may still come. WrongMoment."""
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        if row.outcome == Outcome.RETURNED:
            return row
        _from(row, State.SHIPPED, *TESTING)
        if row.outcome:
            raise WrongMoment(state=row.state, outcome=row.outcome)
        _out(row, Outcome.RETURNED)
        row.save(update_fields=["outcome", "outcome_at"])
        _audit(row, "panel.return", actor)
        _told(row, "panel.returned")
        _finished(row)
    return row


def product_keep(*, participation: Participation, actor: Actor) -> Participation:
    """Keep it for points: the reward that the panel names is taken, at its price for this member, once.

    WrongMoment where it can't be kept, and whatever taking a reward refuses: InsufficientPoints, NotOffered, ….
    """
    with transaction.atomic():
        row, spec = participation_locked(participation)
        if row.outcome == Outcome.KEPT:
            return row
        _from(row, *TESTING)
        if not isinstance(spec.after, Buy) or row.outcome:
            raise WrongMoment(state=row.state, outcome=row.outcome)
        place = row.application.enrollment
        reward = Reward.objects.filter(program_id=place.program_id, code=spec.after.reward).first()
        if reward is None:
            raise NotOffered()
        reward_redeem(enrollment=place, reward=reward, actor=actor, key=f"panel:{row.pk}")
        _out(row, Outcome.KEPT)
        row.save(update_fields=["outcome", "outcome_at"])
        _audit(row, "panel.keep", actor)
        _told(row, "panel.kept")
        _finished(row)
    return row


def participation_close(*, participation: Participation, note: str, actor: Actor) -> Participation:
    """Staff give up on it, with a reason: no answers, nothing came back. WrongMoment, InvalidInput without a reason."""
    text = note.strip()
    text_check(text, "note")
    if not text or len(text) > MAX_NOTE:
        raise InvalidInput(_("Say why."), field="note")
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        _from(row, State.SHIPPED, *TESTING)
        row.note = text
        if not row.outcome:
            _out(row, Outcome.LOST)
        row.save(update_fields=["note", "outcome", "outcome_at"])
        _audit(row, "panel.close", actor)
        _close(row)
    return row


def photo_put(*, participation: Participation, question: str, content: bytes, media_type: str) -> AnswerPhoto:
    """The picture that answers a question, in the place of an earlier one. WrongMoment."""
    with transaction.atomic():
        row, _spec = participation_locked(participation)
        _answerable(row)
        AnswerPhoto.objects.filter(participation=row, question=question).delete()
        return AnswerPhoto.objects.create(
            participation=row, question=question, media_type=media_type, content=content, sent_at=clock.now()
        )


def participation_locked(participation: Participation) -> tuple[Participation, Spec]:
    """The tester as they stand, under the member's lock and their own, and the panel's terms."""
    pk = participation.pk
    place = Application.objects.filter(participation=pk).values_list("enrollment", flat=True).get()
    ledger.enrollment_lock(place)
    rows = Participation.objects.select_for_update(of=("self",))
    row = rows.select_related("application__panel__program", "application__enrollment__member",
                              "application__enrollment__program").get(pk=pk)  # fmt: skip
    return row, spec_of(row.application.panel)


def _from(row: Participation, *states: str) -> None:
    if row.state not in states:
        raise WrongMoment(state=row.state, outcome=row.outcome)


def _answerable(row: Participation) -> None:
    if row.answered_at is not None or row.state != State.RECEIVED:
        raise WrongMoment(state=row.state, outcome=row.outcome)


def _received(row: Participation, spec: Spec) -> None:
    today = today_of(row.application.panel)
    row.state, row.received_at = State.RECEIVED, clock.now()
    row.answer_by = today + timedelta(days=spec.answer_days)
    row.return_by = today + timedelta(days=spec.after.days) if not isinstance(spec.after, Keep) else None
    row.save(update_fields=["state", "accepted_at", "received_at", "answer_by", "return_by"])


def _out(row: Participation, outcome: str) -> None:
    row.outcome, row.outcome_at = outcome, clock.now()


def _finished(row: Participation) -> None:
    """Answered, and the product is where it stays: over."""
    if row.answered_at is not None and row.outcome:
        _close(row)


def _close(row: Participation) -> None:
    row.state, row.closed_at, row.address, row.draft, row.overdue_at = State.CLOSED, clock.now(), "", {}, None
    row.save(update_fields=["state", "closed_at", "address", "draft", "overdue_at"])
    _told(row, "panel.closed", outcome=row.outcome)


def _told(row: Participation, topic: str, **more: Any) -> None:
    outbox_add(topic, told(row.application, participation_id=str(row.pk), **more))


def _audit(row: Participation, action: str, actor: Actor) -> None:
    """Whose step it was, and where it led; never an address or an answer."""
    audit_record(
        actor=actor.name, action=action, object_type="participation", object_id=str(row.pk),
        changes={"panel": row.application.panel.code, "state": row.state, "outcome": row.outcome},
    )  # fmt: skip
