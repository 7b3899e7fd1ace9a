"""A household's shared account, for staff: whom a member shares with, joining, leaving."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.backoffice.forms import DressedForm
from core.errors import DomainError
from loyalty.models import Enrollment
from loyalty.pooling import pool_join, pool_leave
from loyalty.transferring import recipient_find
from members import panels
from members.models import Member

PERMISSION = "loyalty.add_pointsentry"


class PoolForm(DressedForm):
    place = forms.ChoiceField(label=gettext_lazy("Program"))
    head = forms.CharField(
        label=gettext_lazy("Whose account"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("E-mail or external id. Empty: they get an account of their own again."),
    )

    def __init__(self, places: list[Enrollment], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [(str(each.pk), _named(each)) for each in places]  # type: ignore[attr-defined]  # a field with choices


def _named(place: Enrollment) -> str:
    if place.pool is None:
        return str(place.program)
    return _("%(program)s, shares with %(head)s") % {"program": place.program, "head": place.pool.member}


def pool_urls(admin: BrandAdmin) -> list[URLPattern]:
    def view(request: HttpRequest, member_id: int) -> HttpResponse:
        return pool_view(admin, request, member_id)

    return [path("pool/<int:member_id>/", admin.admin_site.admin_view(view), name="loyalty_pointsentry_pool")]


def pool_view(admin: BrandAdmin, request: HttpRequest, member_id: int) -> HttpResponse:
    admin.require(request.user.has_perm(PERMISSION) and request.user.has_perm("members.view_member"))
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise Http404
    found = Enrollment.objects.filter(member=member).select_related("program", "member", "pool__member")
    places = list(found.order_by("pk"))
    form = PoolForm(places, request.POST or None)
    back = reverse("admin:members_member_change", args=[member.pk])
    if form.is_valid():
        place = next(each for each in places if str(each.pk) == form.cleaned_data["place"])
        try:
            _change(request, place, form.cleaned_data["head"])
        except DomainError as error:
            form.add_error("head", refusal_text(error))
        else:
            return HttpResponseRedirect(back)
    context = admin.page_context(
        request,
        title=_("Shared account of %(member)s") % {"member": member},
        intro=_("A household has one balance: everything goes into one member's account. Tiers stay everybody's own."),
        form=form,
        submit=_("Save"),
        cancel_url=back,
    )
    return TemplateResponse(request, "admin/backoffice/form_page.html", context, status=422 if form.is_bound else 200)


def _change(request: HttpRequest, place: Enrollment, head: str) -> None:
    if head.strip():
        pool_join(enrollment=place, head=recipient_find(place, head), actor=actor_of(request))
        messages.success(request, _("They share the account now."))
    else:
        pool_leave(enrollment=place, actor=actor_of(request))
        messages.success(request, _("They have an account of their own now."))


panels.add_button(
    panels.Button(
        title=gettext_lazy("Shared account"),
        icon="group_work",
        permission=PERMISSION,
        url=lambda member: reverse("admin:loyalty_pointsentry_pool", args=[member.pk]),
    )
)
