"""Writing the catalogue and the pools' settings: by staff, with a trail; the draft of the program says the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from core.actor import Actor
from core.audit import audit_record
from core.outbox import outbox_add
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import DefinitionError, Ground, Problem
from loyalty.definition.sections import section_of
from loyalty.definition.shape import shape_problem
from loyalty.drafts import draft_document, program_invalid, section_put
from loyalty.editors import changed_since
from loyalty.models import Program
from loyalty.pieces import seen_of
from rewards.kinds.shapes import PoolCode
from rewards.lowstock import low_settle
from rewards.models import CodePool, Reward
from rewards.pieces import columns_of, piece_of, piece_plain
from rewards.pools import warned_of
from rewards.publication import rooms_say
from rewards.section import RewardPiece, piece_problems
from rewards.stock import stock_set

POOL_FIELDS = ("name", "low_at")
SECTION = "rewards"


def reward_save(
    *, program: Program, plain: Mapping[str, Any], actor: Actor, before: str | None = None, seen: str | None = None
) -> Reward:
    """Make or change a reward: at once for members, and in the program's draft, so that publishing keeps it.

    plain: the piece as the document writes it. before: the code of the reward that it changes; its code stays, since
    rules and partners name it. seen: the hash of the piece as it was when the form was made.

    ProgramInvalid with paths from within the piece, DraftChanged, InvalidInput for a stock below what is taken.
    """
    with transaction.atomic():
        row = Program.objects.select_for_update(no_key=True).get(pk=program.pk)
        known = Reward.objects.select_related("pool").filter(program=row, code=before).first() if before else None
        was = piece_plain(piece_of(known)) if known is not None else None
        if seen is not None and seen != seen_of(was):
            raise changed_since(known)
        piece = _checked(row, {**plain, "code": before} if before else plain, before)
        _into_draft(row, piece_plain(piece), actor)
        return reward_write(program=row, piece=piece, zone=_zone(row), actor=actor)


def _zone(program: Program) -> ZoneInfo:
    return ZoneInfo(draft_document(program).program.time_zone)


def _checked(program: Program, plain: Mapping[str, Any], before: str | None) -> RewardPiece:
    try:
        piece = msgspec.convert(plain, RewardPiece)
    except msgspec.ValidationError as error:
        raise program_invalid(DefinitionError([shape_problem(error, RewardPiece, dict(plain))])) from error
    ground = Ground(draft_document(program))
    problems = [*piece_problems(piece, "", ground), *rooms_say(program, piece, "")]
    if before is None and Reward.objects.filter(program=program, code=piece.code).exists():
        problems.append(
            Problem("code", phrase("There is a reward %(code)r.", code=piece.code), phrase("Give it another code."))
        )
    if problems:
        inside = [msgspec.structs.replace(each, path=each.path.removeprefix(".")) for each in problems]
        raise program_invalid(DefinitionError(inside))
    return piece


def _into_draft(program: Program, plain: dict[str, Any], actor: Actor) -> None:
    """The draft's section with this piece; one that isn't there yet begins with all that the catalogue has."""
    section = program.sections.get(SECTION)
    if section is None:
        rows = Reward.objects.filter(program=program).select_related("pool").order_by("position", "pk")
        section = {"items": [piece_plain(piece_of(each)) for each in rows]}
    items = list(section.get("items", []))
    codes = [each.get("code") for each in items]
    index = codes.index(plain["code"]) if plain["code"] in codes else len(items)
    items[index : index + 1] = [plain]
    section_put(program=program, name=SECTION, plain={**section, "items": items}, actor=actor)


def reward_write(*, program: Program, piece: RewardPiece, zone: ZoneInfo, actor: Actor) -> Reward:
    """The row of a checked piece: made, or changed where it says something else. Within the caller's transaction."""
    row = Reward.objects.select_for_update(no_key=True).filter(program=program, code=piece.code).first()
    fresh = row is None
    row = row or Reward(program=program, code=piece.code)
    plain = piece_plain(piece)
    was = {} if fresh else piece_plain(piece_of(row))
    if was == plain and row.body:
        return row
    for name, value in columns_of(piece, zone).items():
        setattr(row, name, value)
    row.pool = _pool(piece.kind)
    row.body = plain
    row.save()
    if fresh or row.stock_total != piece.stock:
        stock_set(reward=row, total=piece.stock, actor=actor)
        if not fresh:
            outbox_add("seat.freed", {"reward_id": row.pk})
    if not fresh:
        low_settle(row)
    changes = {key: [was.get(key), plain.get(key)] for key in {*was, *plain} if was.get(key) != plain.get(key)}
    audit_record(
        actor=actor.name,
        action="reward.add" if fresh else "reward.change",
        object_type="reward",
        object_id=row.pk,
        changes={} if fresh else changes,
    )
    return row


def _pool(kind: Any) -> CodePool | None:
    """The pool that the kind names; an empty one where there is none: codes are imported, never written."""
    if not isinstance(kind, PoolCode):
        return None
    return CodePool.objects.get_or_create(name=kind.pool)[0]


def section_apply(*, program: Program, sections: dict[str, Any], zone: ZoneInfo, actor: Actor) -> int:
    """Make the catalogue what the section says; rewards that it doesn't name are switched off. How many it names.

    A document without the section leaves the catalogue alone.
    """
    section = section_of(sections, SECTION)
    if section is None:
        return 0
    named = set()
    for piece in section.items:
        reward_write(program=program, piece=piece, zone=zone, actor=actor)
        named.add(piece.code)
    for row in Reward.objects.filter(program=program, active=True).exclude(code__in=named).order_by("pk"):
        Reward.objects.filter(pk=row.pk).update(active=False)
        audit_record(
            actor=actor.name,
            action="reward.change",
            object_type="reward",
            object_id=row.pk,
            changes={"offered": [True, False]},
        )
    return len(section.items)


def pool_save(*, pool: CodePool | None, fields: Mapping[str, Any], actor: Actor) -> CodePool:
    """Make or change a pool: its name and when to warn. Codes come in through pools.pool_import."""
    with transaction.atomic():
        row = CodePool.objects.select_for_update(no_key=True).get(pk=pool.pk) if pool is not None else CodePool()
        changes = {}
        for name in POOL_FIELDS:
            if name in fields and getattr(row, name) != fields[name]:
                changes[name] = [getattr(row, name), fields[name]]
                setattr(row, name, fields[name])
        if pool is None:
            row.save()
        else:
            # With another threshold it becomes low anew.
            row.warned = min(row.warned, warned_of(row.left, row.low_at))
            row.save(update_fields=[*POOL_FIELDS, "warned"])
        audit_record(
            actor=actor.name,
            action="pool.change" if pool is not None else "pool.add",
            object_type="codepool",
            object_id=row.pk,
            changes=changes,
        )
    return row
