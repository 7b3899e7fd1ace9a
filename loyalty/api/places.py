"""From an address to a member's place in a program."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from core.errors import NotFound
from loyalty.errors import ProgramRequired
from loyalty.models import Enrollment
from members.api.reference import member_by_reference, member_filter


class NotEnrolled(NotFound):
    code = "not_enrolled"
    title = _("This member isn't enrolled in the program.")


class ProgramFilter(Struct):
    program: Annotated[str, Meta(max_length=40, description="Needed where a member is in several programs.")] | None = (
        None
    )


def place_of(member: str, program: str | None) -> Enrollment:
    """The enrollment of the member that the reference names: in the named program, or in the only one.

    MemberNotFound, NotEnrolled, ProgramRequired. One query when all is well.
    """
    found = Enrollment.objects.filter(**member_filter(member, prefix="member__"), program__archived_at__isnull=True)
    if program is not None:
        found = found.filter(program__slug=program)
    rows = list(found.select_related("member", "program").order_by("id")[:2])
    if not rows:
        member_by_reference(member)
        raise NotEnrolled(field="program" if program is not None else None)
    if len(rows) > 1:
        raise ProgramRequired(field="program")
    return rows[0]
