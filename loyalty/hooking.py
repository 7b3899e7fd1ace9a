"""What loyalty does when other rooms' things come into being: a brand gets its program, a member a place in it."""

from __future__ import annotations

from collections.abc import Sequence

from core.actor import Actor, system
from core.outbox import Message
from loyalty.enrolling import enrolled_event
from loyalty.ingest import event_ingest, places_ensure
from loyalty.models import Enrollment, Program
from loyalty.publishing import program_create
from loyalty.templates import template_document
from members.models import Member
from tenants.models import Brand, BrandSignup


def brand_program(brand: Brand, signup: BrandSignup) -> None:
    """The program that was chosen at sign-up, published: a new brand can take its first event at once.

    A brand made without a choice (the operator's, by command) has none until someone makes one.
    """
    if signup.template:
        program_create(slug="main", document=template_document(signup.template), actor=system("provisioning"))


def members_enrolled_everywhere(members: Sequence[Member], actor: Actor) -> None:
    """New members have a place in the brand's only program; with several, enrolling is asked for."""
    programs = list(Program.objects.filter(archived_at__isnull=True, stamp__gt=0)[:2])
    if len(programs) == 1:
        places_ensure(member_ids=[each.pk for each in members], program_id=programs[0].pk)


def enrolled_event_again(message: Message) -> None:
    """A process that died between the enrollment and its event is made good here; the event's id makes it once."""
    place = Enrollment.objects.filter(
        member__public_id=message.payload["member_id"], program__slug=message.payload["program"]
    ).first()
    if place is not None:
        event_ingest([enrolled_event(place)], actor=system("enrollment"))
