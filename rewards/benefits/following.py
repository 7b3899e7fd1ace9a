"""What tells that somebody's benefits may have changed. Each may come twice, or late: following is the same then."""

from __future__ import annotations

from core import clock, outbox
from loyalty.models import Enrollment, Program
from loyalty.selectors import program_now
from rewards.benefits.grants import AT_ONCE, benefits_sync, grants_follow, program_follow
from rewards.benefits.plan import benefit_plan

# A tier moved, a place was made, a plan or a segment began or ended.
TOPICS = ("tier.changed", "member.enrolled", "member.fact_changed", "segment.joined", "segment.left")


def member_changed(message: outbox.Message) -> None:
    """Follow in each program of the member, or in the one that the message names."""
    places = Enrollment.objects.filter(
        member__public_id=message.payload["member_id"], program__archived_at__isnull=True, program__stamp__gt=0
    )
    if "program" in message.payload:
        places = places.filter(program__slug=message.payload["program"])
    for program_id, place in places.values_list("program_id", "pk"):
        grants_follow(program_id, [place])


def program_changed(message: outbox.Message) -> None:
    """A version that holds at once gives and takes at once; one for later does so in the night that it begins with.

    With many members it is left to the night: what holds is asked of the program, not of the rows.
    """
    program = Program.objects.filter(slug=message.payload["program"], archived_at__isnull=True, stamp__gt=0).first()
    if program is None:
        return
    benefits_sync(program.pk, benefit_plan(program_now(program.pk)), clock.now())
    if Enrollment.objects.filter(program=program)[: AT_ONCE + 1].count() <= AT_ONCE:
        for _changed in program_follow(program.pk):
            pass


def handlers_register() -> None:
    """Called once in ready()."""
    for topic in TOPICS:
        outbox.handler(topic)(member_changed)
    outbox.handler("program.published")(program_changed)
