"""What the forms of a program's draft offer of the catalogue."""

from __future__ import annotations

from django.utils.translation import get_language

from loyalty.admin.forms.references import Choices, reference_register
from rewards.models import CodePool, Reward


def _rewards(program: int) -> Choices:
    found = Reward.objects.filter(program=program).order_by("position", "pk")
    dutch = (get_language() or "en").startswith("nl")
    return [(each.code, (each.name_nl if dutch else "") or each.name) for each in found]


def _pools(program: int) -> Choices:
    return [(name, name) for name in CodePool.objects.order_by("name").values_list("name", flat=True)]


reference_register("reward", _rewards)
reference_register("pool", _pools)
