"""Products that go out to testers, in the queue of parcels: on the packing list, and linked from the parcels."""

from __future__ import annotations

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from members.naming import may_see_people
from panels.admin.tabs import HANDLE
from panels.forms import local
from panels.lending import address_of
from panels.models import Panel, Participation
from panels.selectors import spec_of
from rewards.packing import PackedElsewhere, Packing, packing_register


def _may(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(HANDLE)) and may_see_people(request)


def _to_send() -> QuerySet[Participation]:
    rows = Participation.objects.filter(state=Participation.State.ACCEPTED)
    return rows.filter(application__panel__program__archived_at__isnull=True)


def rows(request: HttpRequest, most: int) -> list[Packing]:
    if not _may(request):
        return []
    found = _to_send().select_related("application__panel").order_by("accepted_at", "pk")[:most]
    return [
        Packing(
            what=_("To test: %(name)s") % {"name": local(spec_of(each.application.panel).product)},
            note=str(each.pk),
            address=address_of(each),
            since=each.accepted_at or each.invited_at,
            url=reverse("admin:panels_panel_tester", args=[each.application.panel_id, each.pk]),
        )
        for each in found
    ]


def links(request: HttpRequest) -> list[tuple[str, str]]:
    if not _may(request):
        return []
    waiting = dict(_to_send().order_by().values_list("application__panel").annotate(Count("pk")))
    return [
        (
            _("%(name)s: %(n)d to test") % {"name": local(spec_of(row).name), "n": waiting[row.pk]},
            f"{reverse('admin:panels_panel_testers', args=[row.pk])}?state={Participation.State.ACCEPTED}",
        )
        for row in Panel.objects.filter(pk__in=waiting).order_by("closes_at", "pk")
    ]


packing_register(PackedElsewhere(rows, links))
