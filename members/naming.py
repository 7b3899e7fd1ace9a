"""How a member is called in lists of other rooms: by name to whoever may see people, else by a part of the id.

An analyst sees figures without people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html

from core.backoffice.columns import attach, attached
from core.backoffice.display import object_link
from core.backoffice.words import DASH
from members.models import Member

PERMISSION = "members.view_member"


def may_see_people(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(PERMISSION))


def attach_members(
    request: HttpRequest, rows: Sequence[Any], member_of: Callable[[Any], Member | None], *, name: str = "member"
) -> None:
    """For each row what member_link() shows under that name. member_of must not query: select_related."""
    named = may_see_people(request)

    def link(member: Member | None) -> str:
        if member is None:
            return DASH
        if named:
            return object_link(member)
        return format_html('<span class="sg-mono">{}</span>', str(member.public_id)[-8:])

    attach(rows, name, lambda page: {row.pk: link(member_of(row)) for row in page})


def member_link(row: Any, *, name: str = "member") -> str:
    """What attach_members() put on the row."""
    return attached(row, name) or DASH
