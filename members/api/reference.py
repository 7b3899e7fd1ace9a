"""How a member is named in an address: by the product's id, or by the partner's own."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import NotFound
from members.models import Member

EXTERNAL = "ext:"


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = gettext_lazy("There is no such member.")
    hint = gettext_lazy("Name a member by id, or as ext:<your own id>.")


def member_filter(reference: str, *, prefix: str = "") -> dict[str, object]:
    """Filter for the member that `<uuid>` or `ext:<external id>` names. MemberNotFound when it can't name anyone.

    prefix: the way from the model that is filtered to the member, such as `member__`.
    """
    if reference.startswith(EXTERNAL):
        return {f"{prefix}external_id": reference.removeprefix(EXTERNAL)}
    try:
        return {f"{prefix}public_id": UUID(reference)}
    except ValueError as error:
        raise MemberNotFound(_("“%(ref)s” names no member.") % {"ref": reference[:60]}, field="member") from error


def member_by_reference(reference: str) -> Member:
    """The member. MemberNotFound."""
    found = Member.objects.filter(**member_filter(reference)).first()
    if found is None:
        raise MemberNotFound(field="member")
    return found
