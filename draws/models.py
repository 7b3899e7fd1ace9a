"""Sweepstakes, the entries in them, and who was drawn."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment, Program


class Sweepstake(BrandModel):
    """A sweepstake of the program's document. spec: its piece of the document; once it is open only words may change.

    seed: sealed until the draw. commitment: SHA-256 of it, public from the beginning. entries_hash: of the frozen list.
    outside: the public value that the draw was bound to, where the terms name one.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        DRAWN = "drawn", _("drawn")
        CANCELED = "canceled", _("canceled")

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="sweepstakes", verbose_name=_("program")
    )
    code = models.CharField(_("code"), max_length=40)
    spec = models.JSONField(_("terms"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    seed = models.TextField(editable=False)
    commitment = models.CharField(_("commitment to the seed"), max_length=64)
    revealed = models.CharField(_("seed"), max_length=64, blank=True)
    outside = models.CharField(_("announced value"), max_length=512, blank=True)
    entries_hash = models.CharField(_("hash of the entries"), max_length=64, blank=True)
    entries_count = models.PositiveIntegerField(_("entries"), default=0)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    canceled_by = models.CharField(_("canceled by"), max_length=120, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    drawn_at = models.DateTimeField(_("drawn at"), null=True, blank=True)
    drawn_by = models.CharField(_("drawn by"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("sweepstake")
        verbose_name_plural = _("sweepstakes")
        permissions: ClassVar = [("draw_sweepstake", _("Can draw sweepstakes"))]
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="sweepstake_code_once")]
        indexes: ClassVar = [models.Index(fields=["state", "closes_at"], name="sweepstakes_due")]

    def __str__(self) -> str:
        return text_in(self.spec["name"], (get_language() or "en")[:2]) if self.spec else self.code


class SweepstakeEntry(BrandModel):
    """One chance. id: what stands in the public list. cause: what it came of, once. person: the same for all entries of
    one member in the frozen list, and nothing outside of it."""

    class Way(models.TextChoices):
        FREE = "free", _("for nothing")
        REWARD = "reward", _("by a reward")
        RULE = "rule", _("by a rule")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    sweepstake = models.ForeignKey(
        Sweepstake, on_delete=models.PROTECT, related_name="entries", verbose_name=_("sweepstake"), db_index=False
    )
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="sweepstake_entries", verbose_name=_("enrollment")
    )
    way = models.CharField(_("way"), max_length=8, choices=Way.choices)
    cause = models.CharField(max_length=120, editable=False)
    person = models.CharField(max_length=32, blank=True, editable=False)
    entered_at = models.DateTimeField(_("entered at"))

    class Meta:
        verbose_name = _("sweepstake entry")
        verbose_name_plural = _("sweepstake entries")
        constraints: ClassVar = [models.UniqueConstraint(fields=["sweepstake", "cause"], name="sweepstake_entry_once")]
        indexes: ClassVar = [models.Index(fields=["sweepstake", "enrollment"], name="sweepstake_entries_of")]

    def __str__(self) -> str:
        return str(self.pk)


class SweepstakeWinner(BrandModel):
    """Somebody who was drawn. place: in the order of the draw. prize: of who wins; alternates have none until they
    stand in. reason: why somebody was passed over.

    answer_by: until then a winner must accept the prize, where the terms ask for it; answered_at: they did. event: what
    gave the prize, once it is booked.
    """

    class State(models.TextChoices):
        WON = "won", _("won")
        ALTERNATE = "alternate", _("stands by")
        PASSED = "passed", _("passed over")

    sweepstake = models.ForeignKey(
        Sweepstake, on_delete=models.PROTECT, related_name="drawn", verbose_name=_("sweepstake"), db_index=False
    )
    entry = models.OneToOneField(SweepstakeEntry, on_delete=models.PROTECT, verbose_name=_("entry"))
    place = models.PositiveIntegerField(_("place"))
    prize = models.CharField(_("prize"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    answer_by = models.DateTimeField(_("to be accepted by"), null=True, blank=True)
    answered_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    event = models.UUIDField(_("event"), null=True, blank=True)
    passed_at = models.DateTimeField(_("passed over at"), null=True, blank=True)

    class Meta:
        verbose_name = _("who was drawn")
        verbose_name_plural = _("who were drawn")
        constraints: ClassVar = [models.UniqueConstraint(fields=["sweepstake", "place"], name="sweepstake_place_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["answer_by"],
                condition=models.Q(state="won", answered_at__isnull=True),
                name="sweepstake_answers_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.place}"
