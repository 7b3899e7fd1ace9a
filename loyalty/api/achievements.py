"""A member's achievements, leaderboards, and a member's choice to be on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from core import clock
from core.api.schema import describe
from core.api.shapes import Body
from core.api.thin import ThinView
from core.api.views import ApiView, answer
from core.errors import NotFound
from loyalty.achievementviews import BadgeView, ChallengeView, StampCardView, StreakView, achievements_of
from loyalty.api import achievement_examples as examples
from loyalty.api.places import ProgramFilter, place_of, place_row
from loyalty.cases import program_state
from loyalty.leaderboards import (
    BoardView,
    board_view,
    boards_of,
    leaderboard_join,
    leaderboard_leave,
    player_of,
)
from loyalty.models import Enrollment
from loyalty.versions import programs_fresh

TAG = "Achievements"


class BoardNotFound(NotFound):
    code = "leaderboard_not_found"
    title = _("The program has no such leaderboard.")


class AchievementsOut(Struct):
    """As the member sees them: what is meant for others, or not shown now, isn't listed."""

    member: UUID
    program: str
    as_of: datetime
    challenges: tuple[ChallengeView, ...]
    stamp_cards: tuple[StampCardView, ...]
    streaks: tuple[StreakView, ...]
    badges: tuple[BadgeView, ...]


class PlayerOut(Struct):
    """name: null for a member who isn't on leaderboards. hidden: by staff; the name then isn't shown."""

    member: UUID
    program: str
    playing: bool
    name: str | None
    hidden: bool
    leaderboards: list[BoardView]


class PlayerPut(Body):
    name: Annotated[
        str,
        Meta(min_length=1, max_length=80, description="3 to 24 characters; unique in the brand, not the member's own."),
    ]
    program: Annotated[str, Meta(max_length=40, description="Where a member is in several programs.")] | None = None


class AchievementsView(ThinView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a member's achievements",
        tag=TAG,
        query=ProgramFilter,
        answers={200: AchievementsOut},
        refusals=(422,),
        examples={"200": examples.ACHIEVEMENTS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """Challenges with their progress, stamp cards, streaks and badges, as they are at this moment."""
        place = place_row(member, self.read_query(ProgramFilter).program)
        view = achievements_of(place)
        return answer(
            200,
            AchievementsOut(
                place.member, place.slug, clock.now(), view.challenges, view.stamp_cards, view.streaks, view.badges
            ),
        )


class LeaderboardView(ThinView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a leaderboard",
        tag=TAG,
        query=ProgramFilter,
        answers={200: BoardView},
        refusals=(404, 422),
        examples={"200": examples.BOARD},
    )
    def get(self, request: HttpRequest, board: str) -> HttpResponse:
        """The places that are shown. Names are those that members chose; who they are isn't told."""
        state = program_state(programs_fresh(), self.read_query(ProgramFilter).program)
        program = state.at(clock.now())
        known = next((each for each in program.document.leaderboards if each.code == board), None)
        if known is None:
            raise BoardNotFound(field="board")
        return answer(200, board_view(program, state.id, known))


class PlayerView(ApiView):
    scopes = {"GET": "ledger:read", "PUT": "members:write", "DELETE": "members:write"}

    @describe(
        summary="Read a member's leaderboards",
        tag=TAG,
        query=ProgramFilter,
        answers={200: PlayerOut},
        refusals=(422,),
        examples={"200": examples.PLAYER},
    )
    def get(self, request: Any, member: str) -> HttpResponse:
        """Whether the member takes part, under which name, and where they stand on each board that is for them."""
        return answer(200, player_out(place_of(member, self.read_query(ProgramFilter).program)))

    @describe(
        summary="Put a member on the leaderboards",
        tag=TAG,
        body=PlayerPut,
        answers={200: PlayerOut},
        refusals=(409,),
        examples={"body": examples.PLAYER_PUT, "200": examples.PLAYER},
    )
    def put(self, request: Any, member: str) -> HttpResponse:
        """Only ever because the member chose it. The same again with another name changes the name."""
        body = self.read_body(PlayerPut)
        place = place_of(member, body.program)
        leaderboard_join(enrollment=place, name=body.name, actor=self.principal.actor)
        return answer(200, player_out(place))

    @describe(
        summary="Take a member off the leaderboards",
        tag=TAG,
        query=ProgramFilter,
        answers={200: PlayerOut},
        refusals=(422,),
        examples={"200": examples.PLAYER_GONE},
    )
    def delete(self, request: Any, member: str) -> HttpResponse:
        """Nothing happens when the member isn't on them."""
        place = place_of(member, self.read_query(ProgramFilter).program)
        leaderboard_leave(enrollment=place, actor=self.principal.actor)
        return answer(200, player_out(place))


def player_out(place: Enrollment) -> PlayerOut:
    player = player_of(place)
    return PlayerOut(
        member=place.member.public_id,
        program=place.program.slug,
        playing=player is not None and player.playing,
        name=player.name if player is not None and player.playing else None,
        hidden=player is not None and player.hidden,
        leaderboards=boards_of(place),
    )
