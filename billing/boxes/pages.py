"""Where the page about boxes stands in the members' menu."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from billing.boxes.planning import HAS_BOX
from billing.models import Shipment, Subscription
from loyalty.home import Link
from loyalty.models import Enrollment


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    """For whoever gets boxes, or got one."""
    mine = Subscription.objects.filter(member_id=enrollment.member_id, duplicate=False)
    had = Exists(Shipment.objects.filter(subscription=OuterRef("pk")))
    if mine.filter(had | (HAS_BOX & Q(ended_at__isnull=True))).exists():
        yield Link("/boxes/", _("Boxes"), "gift", "boxes:mine", ("boxes:address", "boxes:now", "boxes:frequency"))
