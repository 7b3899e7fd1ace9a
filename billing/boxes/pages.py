"""Where the page about boxes stands: in the members' menu, and under their membership."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from billing.boxes.planning import HAS_BOX
from billing.models import Shipment, Subscription
from billing.selectors import Held
from core import clock
from loyalty.home import Context, Link
from loyalty.models import Enrollment


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    """For whoever gets boxes, or got one."""
    mine = Subscription.objects.filter(member_id=enrollment.member_id, duplicate=False)
    had = Exists(Shipment.objects.filter(subscription=OuterRef("pk")))
    if mine.filter(had | (HAS_BOX & Q(ended_at__isnull=True))).exists():
        yield Link("/boxes/", _("Boxes"), "gift", "boxes:mine", ("boxes:address", "boxes:now", "boxes:frequency"))


def membership_part_read(held: Held) -> Context | None:
    """On the membership's page: that there are boxes, and when the next one can be changed until."""
    boxes = Shipment.objects.filter(subscription=held.row)
    following = boxes.filter(state=Shipment.State.PLANNED, cut_off_at__gt=clock.now()).order_by("cycle_at").first()
    if following is None and not boxes.exists():
        return None
    return {"box": following}
