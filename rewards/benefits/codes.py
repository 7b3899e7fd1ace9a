"""Partners' codes: a member takes one out of the partner's pool, as often as the allowance says, and sees it alone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import get_language
from msgspec import Struct

from core.actor import Actor
from core.secrets import unseal
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment
from rewards import stock
from rewards.benefits.errors import NoCodesLeft
from rewards.benefits.models import Benefit, BenefitUse
from rewards.benefits.uses import benefit_use
from rewards.errors import SoldOut
from rewards.models import CodePool, PoolCode
from rewards.vouchers import POOL_PURPOSE

SOURCE = "benefits_page"
MOST_SHOWN = 50


class TakenCode(Struct, frozen=True):
    """A code in the clear, for its owner's page. link: where it is used, empty where that isn't said."""

    number: int
    name: str
    partner: str
    code: str
    link: str
    at: datetime


def partner_code_take(*, enrollment: Enrollment, code: str, key: str, actor: Actor) -> BenefitUse:
    """Take one for this member. key: the wish's own; the same again gives the same code. NoCodesLeft, and what
    benefit_use refuses; nothing of the allowance is used then."""
    with transaction.atomic():
        made = benefit_use(
            enrollment=enrollment, code=code, external_id=f"{enrollment.pk}:{key}", actor=actor, source=SOURCE,
            as_code=True,
        )  # fmt: skip
        if made.pool_code_id is None:
            made.pool_code = _taken(made)
            made.save(update_fields=["pool_code"])
    return made


def _taken(use: BenefitUse) -> PoolCode:
    try:
        return stock.code_take(pool_id=_pool_of(use))
    except SoldOut as error:
        raise NoCodesLeft() from error


def _pool_of(use: BenefitUse) -> int:
    found = Benefit.objects.values_list("pool", flat=True).get(pk=use.benefit_id)
    if found is None:
        raise NoCodesLeft()
    return found


def codes_there(enrollment: Enrollment) -> dict[str, bool]:
    """Of each benefit of the program that gives codes: whether any is left."""
    rows = Benefit.objects.filter(program=enrollment.program_id, retired_at=None, pool__isnull=False)
    return {each.code: _left(each.pool) for each in rows.select_related("pool")}


def _left(pool: CodePool | None) -> bool:
    return pool is not None and pool.left > 0


def codes_taken(enrollment: Enrollment) -> list[TakenCode]:
    """The member's own, newest first; those of benefits that they hold no more as well."""
    rows = BenefitUse.objects.filter(enrollment=enrollment, pool_code__isnull=False, taken_back_at=None)
    rows = rows.select_related("benefit", "pool_code").order_by("-used_at", "-pk")[:MOST_SHOWN]
    return [_shown(number, each) for number, each in enumerate(rows, start=1)]


def _shown(number: int, use: BenefitUse) -> TakenCode:
    assert use.pool_code is not None
    body = use.benefit.body
    gives = body.get("gives") or {}
    return TakenCode(
        number=number,
        name=text_in(body.get("name") or use.benefit.code, (get_language() or "en")[:2]),
        partner=str(gives.get("partner") or ""),
        code=unseal(use.pool_code.sealed, purpose=POOL_PURPOSE),
        link=str(gives.get("link") or ""),
        at=use.used_at,
    )
