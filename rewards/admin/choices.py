"""What the forms of a program's draft offer of the catalogue."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import get_language

from core.countries import NEAR, countries_known
from loyalty.admin.forms.references import Choices, lone_register, reference_register, tiers_register
from members.models import Segment
from rewards.models import CodePool, Reward, RewardFile
from rewards.suppliers.models import SupplierConnection

# More than that is for the number (SHA-256) that the list of files shows.
MOST_FILES = 200


def _rewards(program: int) -> Choices:
    found = Reward.objects.filter(program=program).order_by("position", "pk")
    dutch = (get_language() or "en").startswith("nl")
    return [(each.code, (each.name_nl if dutch else "") or each.name) for each in found]


def _pools(program: int) -> Choices:
    return [(name, name) for name in CodePool.objects.order_by("name").values_list("name", flat=True)]


def _segments(program: int) -> Choices:
    return [(each.code, each.name) for each in Segment.objects.order_by("name", "pk")]


def _pictures(program: int) -> Choices:
    return _uploaded(RewardFile.objects.filter(media_type__startswith="image/"))


def _files(program: int) -> Choices:
    return _uploaded(RewardFile.objects.all())


def _uploaded(rows: QuerySet[RewardFile]) -> Choices:
    return list(rows.order_by("name", "pk").values_list("digest", "name")[:MOST_FILES])


def _suppliers(program: int) -> Choices:
    return [(each.code, each.name) for each in SupplierConnection.objects.order_by("name", "pk")]


def _countries(program: int) -> Choices:
    return countries_known(NEAR)


reference_register("reward", _rewards)
reference_register("pool", _pools)
reference_register("countries", _countries)
reference_register("supplier", _suppliers)
reference_register("picture", _pictures)
reference_register("file", _files, owner="Content")
for _owner in ("RewardPiece", "Price"):
    reference_register("segments", _segments, owner=_owner)
tiers_register("RewardPiece", "Price")
lone_register("Price", "currency", until="points")
