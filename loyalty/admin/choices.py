"""What the forms of the draft offer of the members' room: its segments."""

from __future__ import annotations

from loyalty.admin.forms.references import Choices, reference_register
from members.models import Segment


def _segments(program: int) -> Choices:
    return [(each.code, each.name) for each in Segment.objects.order_by("name", "pk")]


reference_register("segment", _segments)
