"""What members achieved, line by line, and the names under which they chose to be on leaderboards.

How far a member is stands in their counters (ProgressCounter); see loyalty/rules/achievements.py for the keys.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from loyalty.models.event import Event
from loyalty.models.ledger import Enrollment


class Achievement(AppendOnly):
    """Something completed or given, and when. undone: that it was taken back, its order having been returned whole.

    code: of the challenge, step, stamp card, streak or badge in the program's document. n: the n-th time (in its
    period), or the streak's length. last_day: of a badge that isn't for good.
    """

    class Kind(models.TextChoices):
        CHALLENGE = "challenge", _("challenge")
        STEP = "step", _("step of a challenge")
        STAMP_CARD = "stamp_card", _("stamp card")
        MILESTONE = "milestone", _("milestone of a streak")
        BADGE = "badge", _("badge")

    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="achievements",
        verbose_name=_("enrollment"),
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    code = models.CharField(_("code"), max_length=40)
    n = models.PositiveIntegerField(_("how many"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    undone = models.BooleanField(_("taken back"), default=False)
    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        related_name="achievements",
        verbose_name=_("event"),
        db_index=False,
    )
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("achievement")
        verbose_name_plural = _("achievements")
        indexes: ClassVar = [models.Index(fields=["enrollment", "-id"], name="achievement_of_member")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code} {self.n}"


class LeaderboardPlayer(BrandModel):
    """Somebody who chose to be seen on a program's leaderboards, under a name that isn't their own.

    hidden: by staff; the row then outlives the member's leaving, so that leaving and coming back changes nothing.
    """

    enrollment = models.OneToOneField(
        Enrollment,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="player",
        verbose_name=_("enrollment"),
    )
    name = models.CharField(_("name on leaderboards"), max_length=24)
    playing = models.BooleanField(_("takes part"), default=True)
    hidden = models.BooleanField(_("hidden by staff"), default=False)
    joined_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("name on leaderboards")
        verbose_name_plural = _("names on leaderboards")
        permissions: ClassVar = [("moderate_leaderboardplayer", _("Can rename and hide players"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("name"),
                name="player_name_once",
                violation_error_message=_("Somebody has this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
