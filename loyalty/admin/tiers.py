"""Tiers by hand, for staff: giving one, inviting into one, and taking back what was given or waits for an answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.forms import DressedForm
from core.backoffice.words import in_language
from core.errors import DomainError
from loyalty.floors import floors_of, tier_floor_end, tier_floor_set
from loyalty.inviting import invitation_make, invitation_withdraw, invitations_waiting
from loyalty.models import Enrollment
from loyalty.rules.dates import day_start
from loyalty.selectors import program_of
from members import panels
from members.models import Member

PERMISSION = "loyalty.give_tier"
STAFF = "staff"
GIVE, INVITE, INVITE_NOW = "give", "invite", "invite_now"
HOW = [
    (INVITE, gettext_lazy("Invite: it waits until the member accepts")),
    (INVITE_NOW, gettext_lazy("Invite at once: the member isn’t asked")),
    (GIVE, gettext_lazy("Give: at least this tier, whatever they earn")),
]
Choices = list[tuple[str, str]]


class TierForm(DressedForm):
    """tier: `<enrollment>:<ladder>:<tier>`."""

    tier = forms.ChoiceField(label=gettext_lazy("Tier"))
    how = forms.ChoiceField(label=gettext_lazy("How"), choices=HOW)
    until = forms.DateField(
        label=gettext_lazy("Through"), required=False, help_text=gettext_lazy("The last day. Empty: for good.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False, help_text=gettext_lazy("Kept in the audit trail.")
    )

    def __init__(self, tiers: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["tier"]).choices = tiers


class TakeBackForm(DressedForm):
    """what: `floor:<enrollment>:<ladder>:<source>` or `invitation:<enrollment>:<id>`."""

    what = forms.ChoiceField(label=gettext_lazy("What is taken back"))

    def __init__(self, given: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["what"]).choices = given


def tier_urls(admin: BrandAdmin) -> list[URLPattern]:
    def give(request: HttpRequest, member_id: int) -> HttpResponse:
        return give_view(admin, request, member_id)

    def take_back(request: HttpRequest, member_id: int) -> HttpResponse:
        return take_back_view(admin, request, member_id)

    view = admin.admin_site.admin_view
    return [
        path("tier/<int:member_id>/", view(give), name="loyalty_pointsentry_tier"),
        path("tier/<int:member_id>/take-back/", view(take_back), name="loyalty_pointsentry_tier_back"),
    ]


def give_view(admin: BrandAdmin, request: HttpRequest, member_id: int) -> HttpResponse:
    member, places = _member(admin, request, member_id)
    form = TierForm(_tiers(places), request.POST or None)
    if form.is_valid():
        try:
            told = _give(request, places, form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
        else:
            messages.success(request, told)
            return HttpResponseRedirect(_back(member))
    return _page(
        admin,
        request,
        member,
        form,
        title=_("A tier for %(member)s") % {"member": member},
        intro=_("The higher of given and earned counts. What they earn meanwhile shows when this ends."),
        submit=_("Save"),
    )


def take_back_view(admin: BrandAdmin, request: HttpRequest, member_id: int) -> HttpResponse:
    member, places = _member(admin, request, member_id)
    form = TakeBackForm(_given(places), request.POST or None)
    if form.is_valid():
        try:
            _take_back(request, places, form.cleaned_data["what"])
        except DomainError as error:
            form.add_error("what", refusal_text(error))
        else:
            messages.success(request, _("It was taken back."))
            return HttpResponseRedirect(_back(member))
    return _page(
        admin,
        request,
        member,
        form,
        title=_("Take a tier of %(member)s back") % {"member": member},
        intro=_("They fall to what they earned, or to what something else gives."),
        submit=_("Take back"),
    )


def _member(admin: BrandAdmin, request: HttpRequest, member_id: int) -> tuple[Member, dict[str, Enrollment]]:
    admin.require(request.user.has_perm(PERMISSION) and request.user.has_perm("members.view_member"))
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise Http404
    found = Enrollment.objects.filter(member=member, program__archived_at__isnull=True)
    return member, {str(each.pk): each for each in found.select_related("program", "member").order_by("pk")}


def _page(admin: BrandAdmin, request: HttpRequest, member: Member, form: DressedForm, **words: Any) -> HttpResponse:
    context = admin.page_context(request, form=form, cancel_url=_back(member), **words)
    return TemplateResponse(request, "admin/backoffice/form_page.html", context, status=422 if form.is_bound else 200)


def _address(name: str, member: Member) -> str:
    return reverse(f"admin:{name}", args=[member.pk])


def _back(member: Member) -> str:
    return f"{reverse('admin:members_member_change', args=[member.pk])}?tab=points"


def _tiers(places: dict[str, Enrollment]) -> Choices:
    """Every tier above the first, of every ladder that the member is on."""
    return [
        (f"{key}:{ladder.code}:{tier.code}", f"{place.program}, {in_language(ladder.name)}: {in_language(tier.name)}")
        for key, place in places.items()
        for ladder in program_of(place).document.ladders
        for tier in ladder.tiers[1:]
    ]


def _given(places: dict[str, Enrollment]) -> Choices:
    choices: Choices = []
    for key, place in places.items():
        for floor in floors_of(place):
            words = _("%(program)s: %(tier)s, given by %(source)s")
            told = {"program": place.program, "tier": floor.tier, "source": floor.source}
            choices.append((f"floor:{key}:{floor.ladder}:{floor.source}", words % told))
        for each in invitations_waiting(place):
            words = _("%(program)s: the invitation to %(tier)s that waits")
            choices.append((f"invitation:{key}:{each.pk}", words % {"program": place.program, "tier": each.tier}))
    return choices


def _give(request: HttpRequest, places: dict[str, Enrollment], asked: dict[str, Any]) -> str:
    key, ladder, tier = asked["tier"].split(":", 2)
    place, actor = places[key], actor_of(request)
    until = _end(place, ladder, asked["until"])
    reason: str = asked["reason"]
    if asked["how"] == GIVE:
        tier_floor_set(
            enrollment=place, ladder=ladder, tier=tier, source=STAFF, until=until, reason=reason, actor=actor
        )
        return _("The tier was given.")
    at_once = asked["how"] == INVITE_NOW
    invitation_make(
        enrollment=place, ladder=ladder, tier=tier, until=until, reason=reason, at_once=at_once, actor=actor
    )
    return _("The member is in.") if at_once else _("The invitation waits on the member’s page.")


def _end(place: Enrollment, ladder: str, last_day: date | None) -> datetime | None:
    """The local midnight after the last day."""
    if last_day is None or last_day == date.max:
        return None
    return day_start(last_day + timedelta(days=1), program_of(place).ladders[ladder].zone)


def _take_back(request: HttpRequest, places: dict[str, Enrollment], what: str) -> None:
    kind, key, rest = what.split(":", 2)
    place, actor = places[key], actor_of(request)
    if kind == "invitation":
        invitation_withdraw(enrollment=place, invitation_id=UUID(rest), actor=actor)
        return
    ladder, source = rest.split(":", 1)
    tier_floor_end(enrollment=place, ladder=ladder, source=source, actor=actor)


for title, icon, name in (
    (gettext_lazy("Give a tier"), "military_tech", "loyalty_pointsentry_tier"),
    (gettext_lazy("Take a tier back"), "undo", "loyalty_pointsentry_tier_back"),
):
    panels.add_button(panels.Button(title, icon, PERMISSION, partial(_address, name)))
