"""Names on leaderboards: staff give another one, hide somebody or show them again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core.backoffice.base import BrandAdmin, actor_of
from core.backoffice.registry import brand_admin
from loyalty.leaderboards import player_moderate
from loyalty.models import LeaderboardPlayer
from members.naming import attach_members, member_link

MODERATE = "loyalty.moderate_leaderboardplayer"


@brand_admin(LeaderboardPlayer)
class LeaderboardPlayerAdmin(BrandAdmin):
    list_display = ("name", "member", "playing", "hidden", "joined_at")
    list_filter = ("hidden", "playing")
    search_fields = ("name",)
    ordering = ("-joined_at",)
    fields = ("name", "hidden", ("member", "playing", "joined_at"))
    readonly_fields = ("member", "playing", "joined_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeaderboardPlayer]:
        rows: QuerySet[LeaderboardPlayer] = super().get_queryset(request)
        return rows.select_related("enrollment__member")

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_members(request, rows, lambda row: row.enrollment.member)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_page(request, [found])
        return found

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Members choose it themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MODERATE))

    @display(description=gettext_lazy("member"))
    def member(self, row: LeaderboardPlayer) -> str:
        return member_link(row)

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        player_moderate(
            player=LeaderboardPlayer.objects.get(pk=obj.pk),
            name=given["name"],
            hidden=given["hidden"],
            actor=actor_of(request),
        )
