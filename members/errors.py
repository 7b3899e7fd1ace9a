"""Why something about a person was refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput


class EmailTaken(Conflict):
    code = "email_taken"
    title = _("Another member has this e-mail.")
    hint = _("Look that member up and use them, or leave the e-mail out.")


class ExternalIdTaken(Conflict):
    code = "external_id_taken"
    title = _("Another member has this external id.")
    hint = _("Look that member up and use them.")


class EmailBelongsToLogin(Conflict):
    """The address is what this person logs in with; only they can prove a new one."""

    code = "email_belongs_to_login"
    title = _("This member logs in with their e-mail, so only they can change it.")
    hint = _("Ask the member to change it in their profile.")


class MemberErased(Conflict):
    code = "member_erased"
    title = _("This member was erased.")


class UnknownRole(InvalidInput):
    code = "unknown_role"
    title = _("There is no such role.")


class LastOwner(Conflict):
    code = "last_owner"
    title = _("A brand needs at least one owner.")
    hint = _("Make somebody else owner first.")
