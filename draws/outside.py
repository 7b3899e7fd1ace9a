"""The public value that a draw can be bound to: nobody knows it when the seed is committed to and the list frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from draws.definition import Outside
from draws.definition import Sweepstake as Spec
from draws.drawing import value_plain
from draws.errors import NotAnnounced, OutsideMissing, OutsideUnasked
from draws.models import Sweepstake
from loyalty.definition.compile import local_time
from loyalty.selectors import program_now

MAX_VALUE = 512


def announced_at(row: Sweepstake, outside: Outside) -> datetime:
    """By the clock of the program."""
    return local_time(outside.announced_at, program_now(row.program_id).zone)


def value_checked(row: Sweepstake, spec: Spec, given: str | None) -> str | None:
    """The value that the draw takes, as the terms ask for one; None where they don't.

    OutsideUnasked, OutsideMissing, NotAnnounced, InvalidInput for what can't be one.
    """
    if spec.outside is None:
        if given:
            raise OutsideUnasked(field="outside")
        return None
    when = announced_at(row, spec.outside)
    if clock.now() < when:
        raise NotAnnounced(announced_at=when.isoformat())
    value = value_plain(given or "")
    if not value:
        raise OutsideMissing(field="outside", source=spec.outside.source)
    if len(value) > MAX_VALUE or not value.isascii() or not value.isprintable():
        raise InvalidInput(
            _("Enter it as it was announced: at most %(n)d letters, digits and signs.") % {"n": MAX_VALUE},
            field="outside",
        )
    return value


def outside_told(row: Sweepstake, spec: Spec) -> dict[str, Any] | None:
    """What the draw is bound to, and the value once it was drawn; None where it is bound to nothing."""
    if spec.outside is None:
        return None
    when = announced_at(row, spec.outside)
    return {"source": spec.outside.source, "announced_at": when, "value": row.outside or None}
