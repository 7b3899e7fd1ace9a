"""Referrals in the admin: those that staff have to look at, with what speaks against them, and two buttons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names
from core.backoffice.forms import dress
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from loyalty.admin.filters import MemberIdFilter
from loyalty.admin.sections import section_links
from members.naming import attach_members, may_see_people, member_link
from referrals.deciding import MAX_REASON, referral_approve, referral_block
from referrals.definition import SECTION
from referrals.models import Referral, ReferralMilestone

DECIDE = "referrals.decide_referral"
State = Referral.State
SIGNALS = {
    "same_person": gettext_lazy("the same phone number, or name and date of birth"),
    "similar_email": gettext_lazy("nearly the same e-mail"),
    "same_address": gettext_lazy("the same postal address"),
    "same_card": gettext_lazy("the same card"),
    "many_from_ip": gettext_lazy("many friends from one IP address"),
    "not_first_order": gettext_lazy("not the first order"),
    "suspended": gettext_lazy("one of the two is suspended"),
}


class StateFilter(SimpleListFilter):
    """The queue, unless something else is chosen."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*State.choices, ("all", _("all"))]

    def chosen(self) -> str:
        value = self.value()
        return value if value in {*State.values, "all"} else State.FLAGGED.value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Referral]) -> QuerySet[Referral]:
        return queryset if self.chosen() == "all" else queryset.filter(state=self.chosen())

    def choices(self, changelist: Any) -> Any:
        for key, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {"selected": self.chosen() == key, "query_string": query, "display": title}


class MemberOfReferral(MemberIdFilter):
    """On either side."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Referral]) -> QuerySet[Referral]:
        value = self.value()
        if not value:
            return queryset
        if not value.isdigit():
            return queryset.none()
        return queryset.filter(Q(referrer__member=int(value)) | Q(friend__member=int(value)))


class DecisionForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self.fields["reason"])


@brand_admin(Referral)
class ReferralAdmin(ReadOnlyAdmin):
    list_display = ("bound_at", "member", "friend_shown", "state_shown", "signals_shown", "hold_until")
    list_filter = (StateFilter, period_of("bound_at", default_period="all"), MemberOfReferral)
    list_select_related = ("referrer__member", "friend__member", "program")
    search_fields = ("code__exact",)
    search_help_text = gettext_lazy("Search by a code, or by a member's e-mail or external id.")
    ordering = ("bound_at", "id")
    change_form_template = "admin/referrals/referral.html"
    change_list_template = "admin/loyalty/section_rows.html"
    fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        rows: QuerySet[Referral] = super().get_queryset(request)
        return rows.select_related("referrer__member", "friend__member", "program")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Referral], search_term: str
    ) -> tuple[QuerySet[Referral], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(code=term.upper())
        if may_see_people(request):
            for side in ("referrer", "friend"):
                found |= Q(**{f"{side}__member__email__iexact": term}) | Q(**{f"{side}__member__external_id": term})
        return queryset.filter(found), False

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.referrer.member)
        attach_members(request, rows, lambda row: row.friend.member, name="friend")

    @display(description=gettext_lazy("who brought"))
    def member(self, row: Referral) -> str:
        return member_link(row)

    @display(description=gettext_lazy("friend"))
    def friend_shown(self, row: Referral) -> str:
        return member_link(row, name="friend")

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"pending": "info", "approved": "success", "flagged": "warning", "blocked": "danger", "void": "danger"},
    )
    def state_shown(self, row: Referral) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=gettext_lazy("signals"))
    def signals_shown(self, row: Referral) -> str:
        return ", ".join(signal_words(row))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"section_links": section_links(SECTION), **(extra_context or {})})

    # --- page ----------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        own = (
            ("<path:object_id>/approve/", self.approve_view, "approve"),
            ("<path:object_id>/block/", self.block_view, "block"),
        )
        pages = [
            path(route, self.admin_site.admin_view(view), name=f"referrals_referral_{name}")
            for route, view, name in own
        ]
        return [*pages, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.prepare_page(request, [row])
        may = request.user.has_perm(DECIDE)
        context = {
            "row": row,
            "referrer": member_link(row),
            "friend": member_link(row, name="friend"),
            "signals": signal_words(row),
            "decided_by": actor_names([row.decided_by]).get(row.decided_by, row.decided_by),
            "milestones": ReferralMilestone.objects.filter(referral=row).order_by("number"),
            "may_approve": may
            and row.state in (State.FLAGGED, State.BLOCKED)
            and row.converted_at
            and not row.taken_back,
            "may_block": may and row.state not in (State.VOID, State.BLOCKED),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    # --- deciding ------------------------------------------------------------------------------------------------
    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, approve=True)

    def block_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, approve=False)

    def _decide(self, request: HttpRequest, object_id: str, *, approve: bool) -> HttpResponse:
        """GET asks why, POST does it."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(DECIDE))
        decide = referral_approve if approve else referral_block

        def act(given: dict[str, Any]) -> str:
            decide(referral_id=row.pk, reason=given["reason"], actor=actor_of(request))
            return _("Approved.") if approve else _("Blocked.")

        both = _("Both sides get theirs, when the hold is over.")
        neither = _("Nothing is given for it; what was given to either side is taken back.")
        return ask_and_do(
            self, request, DecisionForm(sent(request)), act,
            title=_("Approve the referral") if approve else _("Block the referral"),
            intro=both if approve else neither, submit=_("Approve") if approve else _("Block"), danger=not approve,
            obj=row, back=self.url("change", row.pk),
        )  # fmt: skip


def signal_words(row: Referral) -> list[str]:
    return [str(SIGNALS.get(each["kind"], each["kind"])) for each in row.signals]
