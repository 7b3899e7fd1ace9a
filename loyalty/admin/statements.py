"""A member's statement for staff: the same lines and the same file that the member gets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.backoffice.base import BrandAdmin
from core.backoffice.forms import DressedForm
from core.errors import InvalidInput
from loyalty.models import Enrollment
from loyalty.pages import statement_page
from loyalty.statements import period_of, statement_file
from members import panels
from members.models import Member

PERMISSION = "loyalty.view_pointsentry"


class StatementForm(DressedForm):
    place = forms.ChoiceField(label=gettext_lazy("Program"), required=False)
    since = forms.DateField(label=gettext_lazy("From"), required=False)
    until = forms.DateField(label=gettext_lazy("Through"), required=False)

    def __init__(self, places: list[Enrollment], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [(str(each.pk), str(each.program)) for each in places]  # type: ignore[attr-defined]  # a field with choices


def statement_urls(admin: BrandAdmin) -> list[URLPattern]:
    def view(request: HttpRequest, member_id: int) -> HttpResponseBase:
        return statement_view(admin, request, member_id)

    wrapped = admin.admin_site.admin_view(view)
    return [path("statement/<int:member_id>/", wrapped, name="loyalty_pointsentry_statement")]


def statement_view(admin: BrandAdmin, request: HttpRequest, member_id: int) -> HttpResponseBase:
    """?place=&since=&until=; ?format=csv gives the file."""
    admin.require(request.user.has_perm(PERMISSION) and request.user.has_perm("members.view_member"))
    member = Member.objects.filter(pk=member_id).first()
    if member is None:
        raise Http404
    places = list(Enrollment.objects.filter(member=member).select_related("program", "member").order_by("pk"))
    if not places:
        raise Http404(_("This member isn't enrolled in the program."))
    form = StatementForm(places, request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    place = next((each for each in places if str(each.pk) == asked.get("place")), places[0])
    try:
        period = period_of(place, asked.get("since"), asked.get("until"))
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.detail))
        period = period_of(place, None, None)
    if request.GET.get("format") == "csv" and form.is_valid():
        return statement_file(place, period)
    if not form.errors:
        shown = {"place": str(place.pk), "since": period.first, "until": period.last}
        form = StatementForm(places, initial=shown)
    context = admin.page_context(
        request,
        title=_("Statement of %(member)s") % {"member": member},
        back=reverse("admin:members_member_change", args=[member.pk]),
        place=place,
        **statement_page(place, period, form),
    )
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/loyalty/statement.html", context, status=status)


panels.add_button(
    panels.Button(
        title=gettext_lazy("Statement"),
        icon="receipt_long",
        permission=PERMISSION,
        url=lambda member: reverse("admin:loyalty_pointsentry_statement", args=[member.pk]),
    )
)
