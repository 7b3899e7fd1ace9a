"""Panels, who applied for them, and what became of those who were chosen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment, Program


class Panel(BrandModel):
    """A panel of the program's document. spec: its piece of the document; once it is open what members read stays.

    seed: sealed until lots are drawn. commitment: SHA-256 of it, shown from the beginning. settled_at: when everybody
    who applied had been told, after which nobody is chosen but from those who stand by.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        SETTLED = "settled", _("chosen")
        CANCELED = "canceled", _("canceled")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="panels", verbose_name=_("program"))
    code = models.CharField(_("code"), max_length=40)
    spec = models.JSONField(_("terms"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    units = models.PositiveIntegerField(_("products to test"))
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    selects_on = models.DateTimeField(_("chosen on"), null=True, blank=True)
    seed = models.TextField(editable=False)
    commitment = models.CharField(_("commitment to the seed"), max_length=64)
    revealed = models.CharField(_("seed"), max_length=64, blank=True)
    entries_hash = models.CharField(_("hash of the list"), max_length=64, blank=True)
    drawn_chosen = models.PositiveIntegerField(_("chosen by lot"), default=0)
    drawn_reserves = models.PositiveIntegerField(_("stand by, by lot"), default=0)
    drawn_at = models.DateTimeField(_("drawn at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("everybody told at"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    canceled_by = models.CharField(_("canceled by"), max_length=120, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("product panel")
        verbose_name_plural = _("product panels")
        permissions: ClassVar = [
            ("choose_panel", _("Can choose who tests a product")),
            ("handle_panel", _("Can send products to testers and take them back")),
            ("read_answers", _("Can read testers' answers")),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="panel_code_once")]
        indexes: ClassVar = [models.Index(fields=["program", "-closes_at"], name="panels_of_program")]

    def __str__(self) -> str:
        return text_in(self.spec["name"], (get_language() or "en")[:2]) if self.spec else self.code


class Application(BrandModel):
    """That a member wants to test. answers: by the codes of the panel's questions to applicants.

    place: in the order of those who stand by. way: how it was decided. in_draw: whether it was on the list that lots
    were drawn from; drawn: in which place.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("applied")
        SELECTED = "selected", _("chosen")
        RESERVE = "reserve", _("stands by")
        NOT_SELECTED = "not_selected", _("not chosen")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CANCELED = "canceled", _("the panel was canceled")

    class Way(models.TextChoices):
        HAND = "hand", _("by hand")
        LOT = "lot", _("by lot")
        FOLLOWED = "followed", _("stood by")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    panel = models.ForeignKey(
        Panel, on_delete=models.PROTECT, related_name="applications", verbose_name=_("panel"), db_index=False
    )
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="panel_applications", verbose_name=_("enrollment")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.APPLIED)
    answers = models.JSONField(_("answers"), default=dict)
    applied_at = models.DateTimeField(_("applied at"))
    place = models.PositiveIntegerField(_("place in line"), null=True, blank=True)
    way = models.CharField(_("decided"), max_length=8, choices=Way.choices, blank=True)
    in_draw = models.BooleanField(default=False, editable=False)
    drawn = models.PositiveIntegerField(_("place in the draw"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    source = models.CharField(_("source"), max_length=60)

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints: ClassVar = [models.UniqueConstraint(fields=["panel", "enrollment"], name="panel_application_once")]
        indexes: ClassVar = [models.Index(fields=["panel", "state", "applied_at"], name="panel_applications_by_state")]

    def __str__(self) -> str:
        return str(self.pk)[-8:]


class Participation(BrandModel):
    """Somebody who was chosen, from being invited to the end. address: sealed, taken out once it is over.

    draft: answers that aren't sent yet. outcome: where the product is in the end; late: whether a day was missed.
    event: the event that the answers became, once it is booked.
    """

    class State(models.TextChoices):
        INVITED = "invited", _("invited")
        DECLINED = "declined", _("declined")
        LAPSED = "lapsed", _("didn’t say yes in time")
        CANCELED = "canceled", _("the panel was canceled")
        ACCEPTED = "accepted", _("to be sent")
        SHIPPED = "shipped", _("on its way")
        RECEIVED = "received", _("being tested")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed")

    class Outcome(models.TextChoices):
        KEPT = "kept", _("kept")
        RETURNED = "returned", _("sent back")
        LOST = "lost", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="participation", verbose_name=_("application")
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.INVITED)
    outcome = models.CharField(_("the product"), max_length=8, choices=Outcome.choices, blank=True)
    invited_at = models.DateTimeField(_("invited at"))
    accept_by = models.DateField(_("says yes by"))
    accepted_at = models.DateTimeField(_("said yes at"), null=True, blank=True)
    address = models.TextField(blank=True, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    shipped_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=120, blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    answer_by = models.DateField(_("answers by"), null=True, blank=True)
    return_by = models.DateField(_("sends back by"), null=True, blank=True)
    draft = models.JSONField(default=dict, editable=False)
    answers = models.JSONField(_("answers"), default=dict)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    outcome_at = models.DateTimeField(_("kept or sent back at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    note = models.CharField(_("why"), max_length=300, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    overdue_at = models.DateTimeField(_("overdue since"), null=True, blank=True)
    event = models.UUIDField(_("event"), null=True, blank=True)

    class Meta:
        verbose_name = _("tester")
        verbose_name_plural = _("testers")
        indexes: ClassVar = [
            models.Index(
                fields=["state"], name="panel_testers_under_way",
                condition=~models.Q(state__in=["declined", "lapsed", "canceled", "closed"]),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.pk)[-8:]


class AnswerPhoto(BrandModel):
    """A picture that answers a question. content: made anew from what was sent, without anything beside it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    participation = models.ForeignKey(
        Participation, on_delete=models.CASCADE, related_name="photos", verbose_name=_("tester")
    )
    question = models.CharField(_("question"), max_length=40)
    media_type = models.CharField(_("type"), max_length=40)
    content = models.BinaryField(editable=False)
    sent_at = models.DateTimeField(_("sent at"))

    class Meta:
        verbose_name = _("picture of an answer")
        verbose_name_plural = _("pictures of answers")

    def __str__(self) -> str:
        return str(self.pk)[-8:]
