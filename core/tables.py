"""Core's own tables, one set per brand: outbox, idempotency, job runs, the staff's audit trail, rate windows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel


class OutboxMessage(BrandModel):
    """A message to the outside, written with its cause. See core/outbox.py."""

    topic = models.CharField(_("topic"), max_length=80)
    payload = models.JSONField(_("content"))
    created_at = models.DateTimeField(_("made at"))
    available_at = models.DateTimeField(_("due at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True, default="")

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                name="outbox_due",
                condition=models.Q(delivered_at__isnull=True, failed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class IdempotencyRecord(BrandModel):
    """The first answer to a request, kept for its repetitions. See core/idempotency.py."""

    principal = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    body_hash = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    reply = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["principal", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"


class JobRun(BrandModel):
    """One run of a scheduled job for a scope and a local day. Unique, so that a day is done once."""

    job = models.CharField(_("job"), max_length=60)
    scope = models.CharField(_("of"), max_length=60, default="")
    local_date = models.DateField(_("day"))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    outcome = models.JSONField(_("outcome"), default=dict)

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "scope", "local_date"], name="job_run_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.scope} {self.local_date}"


class AuditEntry(AppendOnly):
    """What a member of staff or a key changed: who, when, what, from which values to which."""

    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("who"), max_length=120)
    action = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=60)
    object_id = models.CharField(_("object"), max_length=60)
    changes = models.JSONField(_("changes"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes: ClassVar = [models.Index(fields=["object_type", "object_id"], name="audit_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class RateWindow(BrandModel):
    """Requests that processes have leased for a principal in a window of time. See core/api/limits.py."""

    principal = models.CharField(max_length=80)
    window_start = models.BigIntegerField()
    leased = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["principal", "window_start"], name="rate_window_once")]

    def __str__(self) -> str:
        return f"{self.principal} {self.window_start}"


class SharedCounter(BrandModel):
    """A counter or mark with an end, shared by all processes. See core/guesses.py."""

    key = models.CharField(max_length=300, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="counter_expiry")]

    def __str__(self) -> str:
        return self.key
