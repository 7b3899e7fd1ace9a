"""Adjusting a member's points by hand: how many, why, and once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.display import scaled
from core.backoffice.forms import DressedForm
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.adjusting import adjustment_make
from loyalty.models import Enrollment, PointsAdjustment, Program
from loyalty.selectors import balances_of
from loyalty.services import member_enroll
from members import panels
from members.models import Member

PERMISSION = "loyalty.add_pointsentry"
MOST = 1_000_000_000


class Account(NamedTuple):
    """key: `<program slug>:<currency>`. scale: digits behind the sign."""

    key: str
    label: str
    scale: int


class AdjustForm(DressedForm):
    """account: `<program slug>:<currency>`. points: whole ones, with digits behind them where the currency has some;
    cleaned to minor units. key: made with the page, so that sending it twice books once."""

    account = forms.ChoiceField(label=gettext_lazy("Points"))
    points = forms.DecimalField(
        label=gettext_lazy("How many"),
        min_value=-MOST,
        max_value=MOST,
        decimal_places=4,
        localize=True,
        help_text=gettext_lazy("With a minus in front they are taken off: 100 or -100."),
    )
    reason_code = forms.ChoiceField(
        label=gettext_lazy("Kind of reason"), choices=PointsAdjustment.Reason.choices, initial="other"
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("The member sees it in their activity.")
    )
    key = forms.RegexField(r"\A[A-Za-z0-9]{20,80}\Z", widget=forms.HiddenInput)

    def __init__(self, accounts: list[Account], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scales = {each.key: each.scale for each in accounts}
        self.fields["account"].choices = [(each.key, each.label) for each in accounts]  # type: ignore[attr-defined]  # a field with choices

    def clean_points(self) -> int:
        points: Decimal = self.cleaned_data["points"]
        if points == 0:
            raise forms.ValidationError(_("Zero changes nothing."))
        scale = self.scales.get(self.cleaned_data.get("account", ""), 0)
        minor = points.scaleb(scale)
        if minor != int(minor):
            raise forms.ValidationError(
                ngettext(
                    "These points have %(n)d digit behind the sign at most.",
                    "These points have %(n)d digits behind the sign at most.",
                    scale,
                )
                % {"n": scale}
                if scale
                else _("These are whole points.")
            )
        return int(minor)


def _accounts(member: Member) -> list[Account]:
    """Every currency of every open program, with what the member has of it."""
    accounts = []
    enrolled = {each.program_id: each for each in Enrollment.objects.filter(member=member).select_related("program")}
    for program in Program.objects.filter(archived_at__isnull=True).order_by("name"):
        enrollment = enrolled.get(program.pk)
        if enrollment is None:
            for row in program.currencies.all():
                label = f"{program}: {row} ({_('not enrolled')})"
                accounts.append(Account(f"{program.slug}:{row.code}", label, int(row.body.get("scale", 0))))
            continue
        for each in balances_of(enrollment):
            label = _("%(program)s: %(currency)s, now %(balance)s") % {
                "program": program,
                "currency": in_language(each.name_many),
                "balance": scaled(each.balance, each.scale),
            }
            accounts.append(Account(f"{program.slug}:{each.currency}", label, each.scale))
    return accounts


def adjust_urls(admin: BrandAdmin) -> list[URLPattern]:
    def view(request: HttpRequest, member_id: int) -> HttpResponse:
        return adjust_view(admin, request, member_id)

    return [path("adjust/<int:member_id>/", admin.admin_site.admin_view(view), name="loyalty_pointsentry_adjust")]


def adjust_view(admin: BrandAdmin, request: HttpRequest, member_id: int) -> HttpResponse:
    admin.require(request.user.has_perm(PERMISSION) and request.user.has_perm("members.view_member"))
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise Http404
    form = AdjustForm(_accounts(member), request.POST or None, initial={"key": get_random_string(32)})
    back = reverse("admin:members_member_change", args=[member.pk])
    if form.is_valid():
        try:
            made = _book(request, member, form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
        else:
            if made.entry_id is None:
                messages.warning(request, _("This is above the limit: it is booked when somebody else approves it."))
            else:
                messages.success(request, _("The points were adjusted."))
            return HttpResponseRedirect(f"{back}?tab=ledger")
    context = admin.page_context(
        request,
        title=_("Adjust points of %(member)s") % {"member": member},
        intro=_("An adjustment is a new line in the ledger, under your name. Nothing that stands there is changed."),
        form=form,
        submit=_("Adjust points"),
        cancel_url=back,
    )
    return TemplateResponse(request, "admin/backoffice/form_page.html", context)


def _book(request: HttpRequest, member: Member, asked: dict[str, Any]) -> PointsAdjustment:
    slug, _colon, currency = asked["account"].partition(":")
    actor = actor_of(request)
    enrollment = member_enroll(member=member, program=Program.objects.get(slug=slug), actor=actor)
    return adjustment_make(
        enrollment=enrollment,
        currency=currency,
        points=asked["points"],
        reason=asked["reason"],
        reason_code=asked["reason_code"],
        actor=actor,
        key=asked["key"],
    )


panels.add_button(
    panels.Button(
        title=gettext_lazy("Adjust points"),
        icon="exposure",
        permission=PERMISSION,
        url=lambda member: reverse("admin:loyalty_pointsentry_adjust", args=[member.pk]),
    )
)
