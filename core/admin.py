"""What runs the house: the audit trail, messages on their way out, and the runs of the scheduled jobs."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.admin import SimpleListFilter, action
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from core import clock
from core.audit import audit_record
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import attach_actor_names, attached
from core.backoffice.display import pretty_json
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from core.jobwords import job_name, step_name
from core.outbox import wake_after_commit
from core.tables import AuditEntry, JobRun, OutboxMessage


def object_words() -> dict[str, str]:
    """What the audit trail writes of a type → what people call it."""
    return {model._meta.model_name or "": str(model._meta.verbose_name) for model in apps.get_models()}


@brand_admin(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "action", "what", "object_id")
    list_filter = (period_of("at"), "action", "object_type")
    search_fields = ("actor", "object_id")
    search_help_text = gettext_lazy("Search by who did it or by the object's id.")
    ordering = ("-id",)
    fields = ("at", "who", "action", "what", "object_id", "changes_shown")
    readonly_fields = fields

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        attach_actor_names(rows)

    @display(description=gettext_lazy("who"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        if attached(entry, "who") is None:
            attach_actor_names([entry])
        return str(attached(entry, "who"))

    @display(description=gettext_lazy("type of the object"), ordering="object_type")
    def what(self, entry: AuditEntry) -> str:
        return object_words().get(entry.object_type, entry.object_type)

    @display(description=gettext_lazy("changes"))
    def changes_shown(self, entry: AuditEntry) -> str:
        return pretty_json(entry.changes)


class StateFilter(SimpleListFilter):
    """Where a message is: still to go, gone, or given up."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", _("failed")), ("waiting", _("waiting")), ("delivered", _("delivered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        if self.value() == "failed":
            return queryset.filter(failed_at__isnull=False)
        if self.value() == "waiting":
            return queryset.filter(failed_at__isnull=True, delivered_at__isnull=True)
        if self.value() == "delivered":
            return queryset.filter(delivered_at__isnull=False)
        return queryset


@brand_admin(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """The payload is not shown: of mails it is sealed, of the rest it repeats what stands elsewhere."""

    list_display = ("id", "topic", "state", "created_at", "attempts", "last_error_short")
    list_filter = (StateFilter, period_of("created_at", default_period="all"))
    search_fields = ("topic",)
    ordering = ("-id",)
    fields = (
        "topic", "state_in_words", "created_at", "available_at", "attempts", "delivered_at", "failed_at", "last_error",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("try_again",)

    @display(
        description=gettext_lazy("state"),
        label={"failed": "danger", "waiting": "warning", "delivered": "success"},
    )
    def state(self, message: OutboxMessage) -> tuple[str, str]:
        if message.failed_at:
            return "failed", _("failed")
        return ("delivered", _("delivered")) if message.delivered_at else ("waiting", _("waiting"))

    @display(description=gettext_lazy("state"))
    def state_in_words(self, message: OutboxMessage) -> str:
        return str(self.state(message)[1])

    @display(description=gettext_lazy("last error"))
    def last_error_short(self, message: OutboxMessage) -> str:
        return message.last_error[:80]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.change_outboxmessage"))

    @action(description=gettext_lazy("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Failed messages become due now; the rest of the selection is left alone."""
        actor = actor_of(request).name
        with transaction.atomic():
            failed = queryset.filter(failed_at__isnull=False, delivered_at__isnull=True)
            ids = list(failed.values_list("pk", flat=True))
            OutboxMessage.objects.filter(pk__in=ids).update(failed_at=None, attempts=0, available_at=clock.now())
            for pk in ids:
                audit_record(actor=actor, action="outbox.retry", object_type="outboxmessage", object_id=pk)
            wake_after_commit()
        told = ngettext("%(count)s message will be sent again.", "%(count)s messages will be sent again.", len(ids))
        messages.success(request, told % {"count": len(ids)})


class JobFilter(SimpleListFilter):
    """By job, as its room calls it; only those that have run here."""

    title = gettext_lazy("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        jobs = JobRun.objects.order_by("job").values_list("job", flat=True).distinct()
        return [(job, job_name(job)) for job in jobs]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return queryset.filter(job=self.value()) if self.value() else queryset


@brand_admin(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("job_shown", "scope", "local_date", "started_at", "finished_at", "progress", "step")
    list_filter = (JobFilter, period_of("started_at"))
    ordering = ("-id",)
    fields = ("job_shown", "scope", "local_date", "started_at", "finished_at", "bar", "step", "outcome_shown")
    readonly_fields = fields

    @display(description=gettext_lazy("job"), ordering="job")
    def job_shown(self, run: JobRun) -> str:
        return job_name(run.job)

    @display(description=gettext_lazy("progress"))
    def progress(self, run: JobRun) -> str:
        """A run that tells nothing of how far it is has either ended or not."""
        percent = _percent(run)
        return DASH if percent is None else f"{percent}\u00a0%"

    @display(description=gettext_lazy("progress"))
    def bar(self, run: JobRun) -> str:
        percent = _percent(run)
        if percent is None:
            return DASH
        bar = '<progress class="sg-progress" max="100" value="{}" aria-label="{}"></progress> {}\u00a0%'
        return format_html(bar, percent, _("Progress"), percent)

    @display(description=gettext_lazy("step"))
    def step(self, run: JobRun) -> str:
        """What it is at, in the words that the job's room has for it."""
        return step_name(run.job, str(run.outcome["step"])) if run.outcome.get("step") else DASH

    @display(description=gettext_lazy("outcome"))
    def outcome_shown(self, run: JobRun) -> str:
        return pretty_json(run.outcome)


def _percent(run: JobRun) -> int | None:
    if run.finished_at is not None:
        return 100
    told = run.outcome.get("percent")
    return min(99, max(0, told)) if isinstance(told, int) else None
