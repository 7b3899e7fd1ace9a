"""Benefits in the admin: what there is and who holds it, each use, giving by hand, and the keys of the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.decorators import display

from core.backoffice.asking import Act, ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import attach, attached
from core.backoffice.display import points
from core.backoffice.forms import DressedForm, ReasonForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import Labelled
from loyalty.admin.filters import MemberIdFilter
from loyalty.admin.sections import section_url
from loyalty.definition.translation import Teller
from loyalty.errors import ProgramUnpublished
from loyalty.selectors import document_now, program_now
from members.models import Member
from members.naming import attach_members, member_link
from rewards.benefits import (  # registers the names of the forms' fields, and the tab on a member's page
    admin_panel,  # noqa: F401  (for what they register)
    admin_words,  # noqa: F401  (for what they register)
)
from rewards.benefits.admin_panel import GiveForm
from rewards.benefits.causewords import causes_words
from rewards.benefits.dates import months_of, program_dates
from rewards.benefits.definition import SECTION
from rewards.benefits.giving import benefit_end, benefit_give
from rewards.benefits.models import Benefit, BenefitGrant, BenefitUse, TokenKey
from rewards.benefits.plan import benefit_plan
from rewards.benefits.tokens import token_key_rotate, token_key_withdraw
from rewards.benefits.uses import benefit_use_take_back

GIVE, ROTATE = "rewards.give_benefit", "rewards.rotate_tokenkey"


@brand_admin(Benefit)
class BenefitAdmin(ReadOnlyAdmin):
    """What published programs give; it is changed where the rest of the program is."""

    list_display = ("shown_name", "code", "sentence", "held", "used", "given")
    list_filter = ("program",)
    list_select_related = ("program",)
    search_fields = ("code",)
    ordering = ("program", "position", "id")
    fields = (
        ("shown_name", "code"), "sentence", ("program", "given"), ("changed_at", "retired_at"), ("held", "used"),
        ("pool", "codes_left"),
    )  # fmt: skip
    readonly_fields = (
        "shown_name", "code", "sentence", "program", "given", "changed_at", "retired_at", "held", "used", "pool",
        "codes_left",
    )  # fmt: skip
    change_form_template = "admin/rewards/benefit.html"
    change_list_template = "admin/rewards/benefits.html"

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        keys = [row.pk for row in rows]
        held = BenefitGrant.objects.filter(benefit__in=keys, ended_at=None).values_list("benefit")
        used = BenefitUse.objects.filter(benefit__in=keys, taken_back_at=None).values_list("benefit")
        attach(rows, "held", lambda page: dict(held.annotate(n=Count("enrollment", distinct=True))))
        attach(rows, "used", lambda page: dict(used.annotate(n=Count("pk"))))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    @display(description=gettext_lazy("benefit"))
    def shown_name(self, benefit: Benefit) -> str:
        return f"{benefit.body.get('icon', '')} {benefit}".strip()

    @display(description=gettext_lazy("what it gives to whom"))
    def sentence(self, benefit: Benefit) -> str:
        try:
            program = program_now(benefit.program_id)
        except (ProgramUnpublished, StopIteration):
            return ""
        planned = benefit_plan(program).benefits.get(benefit.code)
        teller = Teller(program.document, _, (get_language() or "en")[:2])
        return planned.benefit.words(teller) if planned is not None else ""

    @display(description=gettext_lazy("held by"))
    def held(self, benefit: Benefit) -> str:
        return points(attached(benefit, "held") or 0)

    @display(description=gettext_lazy("uses"))
    def used(self, benefit: Benefit) -> str:
        return points(attached(benefit, "used") or 0)

    @display(description=gettext_lazy("codes left"))
    def codes_left(self, benefit: Benefit) -> str:
        return points(benefit.pool.left) if benefit.pool is not None else ""

    @display(description=gettext_lazy("given"), label={"yes": "success", "no": "warning"})
    def given(self, benefit: Benefit) -> Labelled:
        return Labelled("yes", _("yes")) if benefit.retired_at is None else Labelled("no", _("no"))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        lists = {
            "grants_url": f"{reverse('admin:rewards_benefitgrant_changelist')}?benefit__id__exact={row.pk}",
            "uses_url": f"{reverse('admin:rewards_benefituse_changelist')}?benefit__id__exact={row.pk}&period=all",
            "edit_url": section_url(row.program, SECTION),
        }
        return super().change_view(request, object_id, form_url, {**lists, **(extra_context or {})})

    # --- calendar ------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.calendar_view)
        return [path("calendar/", view, name="rewards_benefit_calendar"), *super().get_urls()]

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """What happens when, of all programs: whoever plans sees it beside each other."""
        self.require(self.has_view_permission(request))
        context = self.page_context(
            request, title=_("Benefits calendar"), months=months_of(program_dates()), back_url=self.url("changelist")
        )
        return TemplateResponse(request, "admin/rewards/benefit_calendar.html", context)


def _whys(rows: Sequence[Any]) -> dict[Any, str]:
    """Row → why, with each program's document read once."""
    known = {program: document_now(program) for program in {row.benefit.program_id for row in rows}}
    return {row.pk: causes_words(row.causes, known[row.benefit.program_id]) for row in rows}


class MemberOfRow(MemberIdFilter):
    path = "enrollment__member"


class MemberRows(ReadOnlyAdmin):
    """Rows of members: whoever may not see people sees figures only."""

    list_select_related: Any = ("benefit", "enrollment__member")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("benefit", "enrollment__member")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)
        attach(rows, "why", _whys)

    @display(description=gettext_lazy("member"))
    def member(self, row: Any) -> str:
        return member_link(row)

    @display(description=gettext_lazy("because of"))
    def why(self, row: Any) -> str:
        return str(attached(row, "why") or "")

    def reason_page(self, request: HttpRequest, row: Any, words: dict[str, str], act: Any) -> HttpResponse:
        """Asks for a reason, then does it."""
        self.require(request.user.has_perm(GIVE))

        def act_with(given: dict[str, Any]) -> str:
            act(given["reason"])
            return words["done"]

        return ask_and_do(
            self, request, ReasonForm(sent(request)), act_with, title=words["title"], intro=words["intro"],
            submit=words["submit"], danger=True, obj=row, back=self.url("change", row.pk),
        )  # fmt: skip


@brand_admin(BenefitGrant)
class BenefitGrantAdmin(MemberRows):
    list_display = ("member", "benefit", "why", "source", "since", "until", "ended_at")
    list_filter = ("source", "benefit", MemberOfRow)
    ordering = ("-since", "-pk")
    fields = (("member", "benefit"), ("why", "source"), ("since", "until", "ended_at"), ("given_by", "reason"))
    readonly_fields = (
        "member", "benefit", "why", "source", "since", "until", "ended_at", "given_by", "reason",
    )  # fmt: skip
    change_form_template = "admin/rewards/benefit_grant.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("give/<int:member_id>/", wrap(self.give_view), name="rewards_benefitgrant_give"),
            path("<path:object_id>/end/", wrap(self.end_view), name="rewards_benefitgrant_end"),
            *super().get_urls(),
        ]

    def give_view(self, request: HttpRequest, member_id: int) -> HttpResponse:
        """Give a member a benefit by hand, whatever the program says."""
        self.require(request.user.has_perm(GIVE))
        member = Member.objects.filter(pk=member_id).exclude(status=Member.Status.ERASED).first()
        if member is None:
            raise Http404(_("There is no such thing here."))
        form = GiveForm(sent(request), member=member)

        def act(given: dict[str, Any]) -> HttpResponse:
            place, code = form.chosen()
            made = benefit_give(
                enrollment=place, code=code, until=given["until"], reason=given["reason"], actor=actor_of(request)
            )
            messages.success(request, _("The benefit is given."))
            return HttpResponseRedirect(self.url("change", made.pk))

        return ask_and_do(
            self, request, form, act, title=_("Give %(member)s a benefit") % {"member": member},
            intro=_("Whatever the program says. What it gives itself needs nothing from you."), submit=_("Give it"),
            back=reverse("admin:members_member_change", args=[member.pk]),
        )  # fmt: skip

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        open_ = row.ended_at is None and row.source == BenefitGrant.Source.STAFF and request.user.has_perm(GIVE)
        more = {"end_url": self.url("end", row.pk) if open_ else ""}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        words = {
            "title": _("End %(benefit)s") % {"benefit": row.benefit},
            "intro": _("It was given by hand. What the program gives ends by itself."),
            "submit": _("End it"),
            "done": _("The benefit has ended."),
        }
        return self.reason_page(
            request, row, words, lambda reason: benefit_end(grant=row, reason=reason, actor=actor_of(request))
        )


@brand_admin(BenefitUse)
class BenefitUseAdmin(MemberRows):
    list_display = ("used_at", "member", "benefit", "units", "source", "order_number", "stands")
    list_filter = (period_of("used_at"), "benefit", MemberOfRow)
    search_fields = ("external_id__exact", "order_number__exact")
    search_help_text = gettext_lazy("Search by the use's own id or an order's number.")
    ordering = ("-used_at",)
    fields = (
        ("member", "benefit"), ("used_at", "units"), ("source", "external_id"), ("order_number", "note"),
        ("why", "pool_code"),
        ("recorded_at", "initiated_by"), ("taken_back_at", "taken_back_reason"),
    )  # fmt: skip
    readonly_fields = (
        "member", "benefit", "used_at", "units", "source", "external_id", "order_number", "note", "why", "pool_code",
        "recorded_at",
        "initiated_by", "taken_back_at", "taken_back_reason",
    )  # fmt: skip
    change_form_template = "admin/rewards/benefit_use.html"

    @display(description=gettext_lazy("stands"), label={"yes": "success", "no": "danger"})
    def stands(self, use: BenefitUse) -> tuple[str, str]:
        return ("yes", _("yes")) if use.taken_back_at is None else ("no", _("taken back"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.take_back_view)
        return [path("<path:object_id>/take-back/", view, name="rewards_benefituse_take_back"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        stands = row.taken_back_at is None and request.user.has_perm(GIVE)
        more = {"take_back_url": self.url("take_back", row.pk) if stands else ""}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def take_back_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        words = {
            "title": _("Take back a use of %(benefit)s") % {"benefit": row.benefit},
            "intro": _("It wasn't used after all: the allowance has room again. The row stays, with your reason."),
            "submit": _("Take it back"),
            "done": _("The use is taken back."),
        }
        return self.reason_page(
            request, row, words, lambda reason: benefit_use_take_back(use=row, actor=actor_of(request), reason=reason)
        )


@brand_admin(TokenKey)
class TokenKeyAdmin(ReadOnlyAdmin):
    """The keys by which shops check what a member is entitled to. Their secret half is never shown."""

    list_display = ("kid", "made_at", "signs_from", "gone_at")
    ordering = ("-signs_from", "-pk")
    fields = (("kid", "public"), ("made_at", "signs_from", "gone_at"))
    readonly_fields = ("kid", "public", "made_at", "signs_from", "gone_at")
    change_list_template = "admin/rewards/token_keys.html"
    change_form_template = "admin/rewards/token_key.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("rotate/", wrap(self.rotate_view), name="rewards_tokenkey_rotate"),
            path("<path:object_id>/withdraw/", wrap(self.withdraw_view), name="rewards_tokenkey_withdraw"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = request.user.has_perm(ROTATE)
        return super().changelist_view(request, {"may_rotate": may, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may = request.user.has_perm(ROTATE)
        return super().change_view(request, object_id, form_url, {"may_rotate": may, **(extra_context or {})})

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request.user.has_perm(ROTATE))

        def act(given: dict[str, Any]) -> str:
            made = token_key_rotate(actor=actor_of(request))
            return _("The new key %(kid)s is published, and signs in ten minutes.") % {"kid": made.kid}

        intro = _(
            "A new key is published at once and signs ten minutes later; the old one is good until none of its tokens"
            " lives."
        )
        return self._sure(request, None, act, _("Change the key"), intro)

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        self.require(request.user.has_perm(ROTATE))
        row = self.object_or_404(request, object_id)

        def act(given: dict[str, Any]) -> str:
            token_key_withdraw(key=row, actor=actor_of(request))
            return _("The key is off the list. The next token is signed with another.")

        intro = _(
            "For a key that has leaked: it is off the list at once, and tokens that it signed aren't taken any more."
        )
        return self._sure(request, row, act, _("Withdraw the key"), intro)

    def _sure(self, request: HttpRequest, row: TokenKey | None, act: Act, title: str, intro: str) -> HttpResponse:
        return ask_and_do(
            self, request, DressedForm(sent(request)), act, title=title, intro=intro, danger=row is not None, obj=row,
            back=self.url("changelist"),
        )  # fmt: skip
