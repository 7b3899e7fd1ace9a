"""From an address to a member's place in a program."""

from __future__ import annotations

from typing import Annotated

from django.db import connection
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from core.errors import InvalidInput, NotFound
from loyalty.api.shapes import MemberRefIn
from loyalty.errors import ProgramRequired, UnknownMember
from loyalty.models import Enrollment, Program
from loyalty.selectors import PlaceRow
from members.api.reference import member_by_reference, member_filter


class NotEnrolled(NotFound):
    code = "not_enrolled"
    title = _("This member isn't enrolled in the program.")


class ProgramFilter(Struct):
    program: Annotated[str, Meta(max_length=40, description="Needed where a member is in several programs.")] | None = (
        None
    )


_PLACES = (
    "SELECT e.id, m.public_id, p.id, p.slug, p.stamp FROM members_member m"
    " JOIN loyalty_enrollment e ON e.member_id = m.id JOIN loyalty_program p ON p.id = e.program_id"
    " WHERE {condition} AND p.archived_at IS NULL AND (%s::text IS NULL OR p.slug = %s) ORDER BY e.id LIMIT 2"
)


def place_row(member: str, program: str | None) -> PlaceRow:
    """Like place_of, for reads that need no models: making those takes longer than all the rest of the read."""
    ((name, value),) = member_filter(member).items()
    with connection.cursor() as cursor:
        cursor.execute(_PLACES.format(condition=f"m.{name} = %s"), [str(value), program, program])
        rows = cursor.fetchall()
    if len(rows) != 1:
        place_of(member, program)  # which knows what is wrong
        raise NotEnrolled(field="program" if program is not None else None)
    return PlaceRow(*rows[0])


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


def member_named(ref: MemberRefIn, program: Program, *, field: str) -> Enrollment:
    """The place in the program of somebody whom a body names. UnknownMember, InvalidInput."""
    if (ref.external_id is None) == (ref.email is None):
        raise InvalidInput(_t("Name the member by external_id or by email, not by both."), field=field)
    named = {"member__external_id": ref.external_id} if ref.external_id else {"member__email__iexact": ref.email}
    found = Enrollment.objects.filter(program=program, **named).select_related("member", "program").first()
    if found is None:
        raise UnknownMember(field=field, hint=_t("Name somebody who takes part in this program."))
    return found
