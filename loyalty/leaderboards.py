"""Leaderboards: who leads, among members who chose to be seen; and choosing it, under a name that isn't one's own.

Scores are counters like any other, so they are right the moment an event is booked, and a return takes them off. A
board is read from an index of just the scores, in order: as far as the places that are shown, however many members.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.errors import InvalidInput, NotFound
from loyalty.definition.basics import LocalText
from loyalty.definition.compiled import CompiledProgram
from loyalty.definition.leaderboards import Leaderboard, PointsScore, board_key
from loyalty.errors import PlayerNameTaken
from loyalty.models import Enrollment, LeaderboardPlayer, ProgressCounter
from loyalty.rules.dates import local_day, period_last_day, period_start
from loyalty.selectors import Place, program_of
from loyalty.standingfacts import facts_now

# As many more than are shown are read, to show everyone who shares the last place.
TIES = 25
# Beyond this many ahead, a member's own place is told as "more than".
FURTHEST = 1_000
_SHAPE = re.compile(r"[\w][\w .\-]{1,22}[\w.]", re.UNICODE)


class BoardRow(msgspec.Struct, frozen=True):
    """rank: members with the same score share one. me: the member who asks."""

    rank: int
    name: str
    score: int
    me: bool = False


class BoardView(msgspec.Struct, frozen=True):
    """period_starts, period_ends: the first and last local day; null for a board of all time. score is in points
    (minor units, see scale), steps or what the counter counts. my_rank: null without a score or a name.
    """

    code: str
    name: LocalText
    description: LocalText
    icon: str
    period: str
    period_starts: date | None
    period_ends: date | None
    unit: LocalText
    scale: int
    size: int
    rows: tuple[BoardRow, ...]
    my_rank: int | None = None
    my_score: int | None = None


_PLAYERS = """
FROM loyalty_progresscounter c
JOIN loyalty_leaderboardplayer p ON p.enrollment_id = c.enrollment_id AND p.playing AND NOT p.hidden
JOIN loyalty_enrollment e ON e.id = c.enrollment_id AND e.program_id = %(program)s
JOIN members_member m ON m.id = e.member_id AND m.status = 'active' AND NOT m.is_test
WHERE c.key = %(key)s AND c.key LIKE 'board:%%' AND c.period = %(period)s
"""
_TOP = "SELECT c.value, p.name, c.enrollment_id" + _PLAYERS + "AND c.value > 0 ORDER BY c.value DESC LIMIT %(most)s"
_AHEAD = "SELECT count(*) FROM (SELECT 1" + _PLAYERS + "AND c.value > %(score)s LIMIT %(most)s) ahead"  # noqa: S608  (our own constants)


def boards_of(place: Place) -> list[BoardView]:
    """The boards that are meant for the member, in the order of the program, with where the member stands."""
    program = program_of(place)
    if not program.document.leaderboards:
        return []
    facts = facts_now(place, program)
    checks = program.achievements.audiences
    shown = [
        each for each in program.document.leaderboards if each.code not in checks or checks[each.code](facts) is None
    ]
    player = player_of(place)
    return [board_view(program, place.program_id, each, player=player, enrollment_id=place.pk) for each in shown]


def board_view(
    program: CompiledProgram,
    program_id: int,
    board: Leaderboard,
    *,
    player: LeaderboardPlayer | None = None,
    enrollment_id: int | None = None,
) -> BoardView:
    """A board as it is now; with an enrollment, where that member stands. player: their name, if they have one."""
    day = local_day(clock.now(), program.zone)
    start = period_start(board.period, day)
    params = {"program": program_id, "key": board_key(board.code), "period": start}
    rows = _rows(_read(_TOP, {**params, "most": board.size + TIES}), board.size, enrollment_id)
    my_score = _score(enrollment_id, board, start) if enrollment_id is not None else None
    rank = next((each.rank for each in rows if each.me), None)
    if rank is None and my_score and player is not None and player.playing and not player.hidden:
        rank = int(_read(_AHEAD, {**params, "score": my_score, "most": FURTHEST})[0][0]) + 1
    unit, scale = board.unit, 0
    if isinstance(board.score, PointsScore):
        currency = program.document.currency(board.score.currency)
        unit, scale = unit or currency.name_many, currency.scale
    return BoardView(
        code=board.code,
        name=board.name,
        description=board.description,
        icon=board.icon,
        period=board.period,
        period_starts=date.fromisoformat(start) if start else None,
        period_ends=period_last_day(board.period, day),
        unit=unit,
        scale=scale,
        size=board.size,
        rows=tuple(rows),
        my_rank=rank,
        my_score=my_score,
    )


def _read(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _rows(found: list[tuple[Any, ...]], size: int, me: int | None) -> list[BoardRow]:
    """Places with their ranks: equal scores share one, and the next is counted on; nobody of the last is left out."""
    rows: list[BoardRow] = []
    for number, (score, name, enrollment_id) in enumerate(found):
        rank = rows[-1].rank if rows and rows[-1].score == score else number + 1
        if rank > size:
            break
        rows.append(BoardRow(rank, name, score, enrollment_id == me))
    return sorted(rows, key=lambda each: (each.rank, each.name.casefold()))


def _score(enrollment_id: int, board: Leaderboard, start: str) -> int | None:
    row = ProgressCounter.objects.filter(enrollment_id=enrollment_id, key=board_key(board.code), period=start).first()
    return max(0, row.value) if row is not None else None


def player_of(place: Place) -> LeaderboardPlayer | None:
    """The member's name on leaderboards; None for one who never chose to be seen, or left."""
    return LeaderboardPlayer.objects.filter(enrollment_id=place.pk).first()


def player_name_read(text: str) -> str:
    """A name as it is kept. InvalidInput says what is wrong with it."""
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not 3 <= len(name) <= 24:
        raise InvalidInput(_("A name has 3 to 24 characters."), field="name")
    if not _SHAPE.fullmatch(name) or not any(each.isalnum() for each in name):
        raise InvalidInput(_("Use letters, digits, spaces, dots and dashes only."), field="name")
    return name


def leaderboard_join(*, enrollment: Enrollment, name: str, actor: Actor) -> LeaderboardPlayer:
    """Choose to be seen, or choose another name. InvalidInput, PlayerNameTaken."""
    chosen = player_name_read(name)
    if chosen.casefold() == " ".join(enrollment.member.name.split()).casefold():
        raise InvalidInput(_("Choose a name that isn’t your own: everybody can read it."), field="name")
    with transaction.atomic():
        player, created = _named(enrollment, chosen)
        audit_record(
            actor=actor.name,
            action="leaderboard.join" if created else "leaderboard.rename",
            object_type="enrollment",
            object_id=enrollment.pk,
        )
    return player


def _named(enrollment: Enrollment, name: str) -> tuple[LeaderboardPlayer, bool]:
    """In the caller's transaction. Whom staff have hidden stays hidden."""
    try:
        with transaction.atomic():
            return LeaderboardPlayer.objects.update_or_create(
                enrollment=enrollment,
                defaults={"name": name, "playing": True},
                create_defaults={"name": name, "joined_at": clock.now()},
            )
    except IntegrityError as error:
        raise PlayerNameTaken(field="name") from error


def leaderboard_leave(*, enrollment: Enrollment, actor: Actor) -> None:
    """Not be seen any more. The name is free again, unless staff hid it. Leaving twice changes nothing."""
    with transaction.atomic():
        player = LeaderboardPlayer.objects.select_for_update().filter(enrollment=enrollment).first()
        if player is None or not player.playing:
            return
        if player.hidden:
            player.playing = False
            player.save(update_fields=["playing"])
        else:
            player.delete()
        audit_record(actor=actor.name, action="leaderboard.leave", object_type="enrollment", object_id=enrollment.pk)


def player_moderate(*, player: LeaderboardPlayer, name: str, hidden: bool, actor: Actor) -> LeaderboardPlayer:
    """Staff give a player another name, hide them or show them again. InvalidInput, PlayerNameTaken, NotFound."""
    chosen = player_name_read(name)
    with transaction.atomic():
        row = LeaderboardPlayer.objects.select_for_update().filter(pk=player.pk).first()
        if row is None:
            raise NotFound()
        changes: dict[str, Any] = {}
        if row.name != chosen:
            changes["name"] = [row.name, chosen]
        if row.hidden != hidden:
            changes["hidden"] = [row.hidden, hidden]
        row.name, row.hidden = chosen, hidden
        try:
            with transaction.atomic():
                row.save(update_fields=["name", "hidden"])
        except IntegrityError as error:
            raise PlayerNameTaken(field="name") from error
        audit_record(
            actor=actor.name,
            action="leaderboard.moderate",
            object_type="leaderboardplayer",
            object_id=row.pk,
            changes=changes,
        )
    return row
