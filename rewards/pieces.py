"""A reward between its row and its piece of the document, each made from the other without loss."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from loyalty.definition.basics import LocalText
from loyalty.definition.compile import local_time
from loyalty.definition.read import plain_value
from loyalty.selectors import document_now
from rewards.kinds.shapes import MARK, PoolCode, RewardKind
from rewards.models import Reward
from rewards.section import Price, RewardPiece, low_at

READ = "_piece_read"


def piece_of(reward: Reward) -> RewardPiece:
    """What the document says of it. Stock, and whether it is offered, are the row's: they change beside the rest."""
    if not reward.body:
        return _from_columns(reward)
    # Read once for a row: an offer asks for it several times. A row that says something else holds another object.
    known: tuple[object, RewardPiece] | None = reward.__dict__.get(READ)
    if known is None or known[0] is not reward.body:
        known = reward.__dict__[READ] = (reward.body, msgspec.convert(reward.body, RewardPiece))
    piece = known[1]
    return msgspec.structs.replace(piece, stock=reward.stock_total, offered=reward.active)


def piece_plain(piece: RewardPiece) -> dict[str, Any]:
    """Plain values without what is at its default, as the document is written."""
    plain: dict[str, Any] = plain_value(piece)
    return plain


def kind_of(reward: Reward) -> RewardKind:
    return piece_of(reward).kind


def _from_columns(row: Reward) -> RewardPiece:
    """Of a row that was made without a piece: its columns are all that it is."""
    zone = zone_of(row.program_id)
    made: dict[str, Any] = {
        "code": row.code,
        "name": _texts(row.name, row.name_nl),
        "description": _texts(row.description, row.description_nl),
        "terms": _texts(row.terms, row.terms_nl),
        "starts_at": _local(row.starts_at, zone),
        "ends_at": _local(row.ends_at, zone),
        "prices": (Price(points=row.price, currency=row.currency or None),) if row.takeable else (),
        "tiers": tuple(row.tiers),
        "stock": row.stock_total,
        "offered": row.active,
    }
    if row.pool is not None:
        made["kind"] = PoolCode(pool=row.pool.name)
    for name in ("emoji", "limit_per_member", "valid_days", "position", "unit_cost_minor", "face_value_minor"):
        made[name] = getattr(row, name)
    return RewardPiece(**made)


def _texts(own: str, dutch: str) -> LocalText:
    return {"en": own, "nl": dutch} if dutch else own


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment is not None else None


def zone_of(program_id: int) -> ZoneInfo:
    return ZoneInfo(document_now(program_id).program.time_zone)


def columns_of(piece: RewardPiece, zone: ZoneInfo) -> dict[str, Any]:
    """The columns that are read by themselves; pool and stock are the writer's."""
    first = next((each for each in piece.prices if not each.tiers and not each.segments), None)
    first = first or next(iter(piece.prices), None)
    return {
        "name": _said(piece.name, "en"),
        "name_nl": _own(piece.name, "nl"),
        "description": _said(piece.description, "en"),
        "description_nl": _own(piece.description, "nl"),
        "terms": _said(piece.terms, "en"),
        "terms_nl": _own(piece.terms, "nl"),
        "kind": str(type(piece.kind).__struct_config__.tag),
        "takeable": bool(piece.prices),
        "picture": piece.picture or "",
        "currency": (first.currency or "") if first is not None else "",
        "price": first.points if first is not None else 0,
        "tiers": list(piece.tiers),
        "limit_per_member": piece.limit_per_member,
        "low_at": low_at(piece),
        "valid_days": piece.valid_days,
        "unit_cost_minor": piece.unit_cost_minor,
        "face_value_minor": piece.face_value_minor,
        "emoji": piece.emoji,
        "active": piece.offered,
        "starts_at": local_time(piece.starts_at, zone) if piece.starts_at else None,
        "ends_at": local_time(piece.ends_at, zone) if piece.ends_at else None,
        "position": piece.position,
    }


def _said(text: LocalText, language: str) -> str:
    return text if isinstance(text, str) else text.get(language) or next(iter(text.values()), "")


def _own(text: LocalText, language: str) -> str:
    return "" if isinstance(text, str) else text.get(language, "")


def mark_of(piece: RewardPiece) -> str:
    """The tag of its kind, as columns and filters know it."""
    return str(plain_value(piece.kind)[MARK])


def money_currency_of(program_id: int) -> str:
    """The money of the program, where an amount doesn't say its own."""
    return document_now(program_id).program.money_currency
