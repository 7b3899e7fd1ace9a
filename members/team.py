"""The brand's team in the admin: who has which role, inviting, changing a role, taking somebody off the team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import BrandAdmin, actor_of
from core.backoffice.columns import attach, attached
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from members.models import User
from members.roles import ROLES
from members.staff import staff_invite, staff_role_set

NOBODY = "none"
ROLE_WORDS = {
    "owner": gettext_lazy("Owner: everything, the team and the API keys too"),
    "marketer": gettext_lazy("Marketer: the program and the rewards, publishing too"),
    "support": gettext_lazy("Support: members, adjusting points, canceling rewards"),
    "analyst": gettext_lazy("Analyst: figures and the ledger, no names"),
}


class InviteForm(DressedForm):
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=list(ROLE_WORDS.items()), initial="support")
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mail"),
        choices=[("en", gettext_lazy("English")), ("nl", gettext_lazy("Dutch"))],
    )


class RoleForm(DressedForm):
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[*ROLE_WORDS.items(), (NOBODY, gettext_lazy("No longer on the team"))],
        help_text=gettext_lazy("Holds from this person's next click."),
    )


@brand_admin(User)
class TeamAdmin(BrandAdmin):
    list_display = ("email", "name", "role", "active_shown", "last_login")
    list_filter = ("groups",)
    search_fields = ("email", "name")
    ordering = ("email",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """The team only: members who log in are found under Members."""
        rows: QuerySet[User] = super().get_queryset(request).filter(is_staff=True)
        return rows

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach(rows, "role", _roles)

    @display(description=gettext_lazy("role"))
    def role(self, user: User) -> str:
        return str(attached(user, "role") or "")

    @display(description=gettext_lazy("status"), label={"in": "success", "invited": "warning", "out": "danger"})
    def active_shown(self, user: User) -> tuple[str, str]:
        if not user.is_active:
            return "out", _("deactivated")
        return ("in", _("active")) if user.has_usable_password() else ("invited", _("invited"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.require(self.has_add_permission(request))
        form = InviteForm(sent(request), initial={"language": request.LANGUAGE_CODE})

        def act(given: dict[str, Any]) -> str:
            staff_invite(actor=actor_of(request), **given)
            return _("%(email)s gets a mail with the way in.") % {"email": given["email"]}

        return ask_and_do(
            self, request, form, act, title=_("Invite somebody to the team"), submit=_("Send the invitation"),
            back=self.url("changelist"),
        )  # fmt: skip

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, user))
        form = RoleForm(sent(request), initial={"role": _roles([user]).get(user.pk) or NOBODY})

        def act(given: dict[str, Any]) -> str:
            chosen = given["role"]
            staff_role_set(user=user, role=None if chosen == NOBODY else chosen, actor=actor_of(request))
            return _("The role is changed.")

        return ask_and_do(
            self, request, form, act, title=_("Role of %(person)s") % {"person": user.get_full_name()},
            submit=_("Save"), obj=user, back=self.url("changelist"),
        )  # fmt: skip


def _roles(users: Sequence[User]) -> Mapping[int, str]:
    """The role of each, one query."""
    through = User.groups.through.objects.filter(user__in=[user.pk for user in users], group__name__in=list(ROLES))
    return dict(through.values_list("user_id", "group__name"))
