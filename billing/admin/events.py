"""What Stripe sent, in the admin: kept as it came, and worked once more when somebody wants it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from billing.admin.stripelinks import stripe_url
from billing.models import StripeConnection, StripeEvent
from billing.replaying import event_again, events_failed_again
from core.backoffice.base import ReadOnlyAdmin, actor_of, add_refusal
from core.backoffice.display import pretty_json
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.errors import DomainError
from members.naming import may_see_people

REPLAY = "billing.change_stripeevent"
State = StripeEvent.State
CAME = {"webhook": gettext_lazy("webhook"), "list": gettext_lazy("found by the comparison")}


@brand_admin(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "type", "state_shown", "attempts", "came_shown", "object_id", "error")
    list_filter = (period_of("received_at", default_period="7"), "state", "connection", "by")
    search_fields = ("event_id__exact", "object_id__exact", "customer__exact")
    search_help_text = gettext_lazy("Search by an id at Stripe: of the event, its object or the customer.")
    ordering = ("-pk",)
    change_list_template = "admin/billing/events.html"
    change_form_template = "admin/billing/event.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[StripeEvent]:
        rows: QuerySet[StripeEvent] = super().get_queryset(request).select_related("connection")
        return rows

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"done": "success", "waiting": "info", "failed": "danger"},
    )
    def state_shown(self, row: StripeEvent) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=gettext_lazy("came by"))
    def came_shown(self, row: StripeEvent) -> str:
        return str(CAME.get(row.by, row.by))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("again/", wrap(self.failed_view), name="billing_stripeevent_again"),
            path("<path:object_id>/replay/", wrap(self.replay_view), name="billing_stripeevent_replay"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = request.user.has_perm(REPLAY)
        failed = StripeEvent.objects.filter(state=State.FAILED).count() if may else 0
        return super().changelist_view(request, {"failed_ones": failed, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        context = self.page_context(
            request,
            title=row.type,
            obj=row,
            row=row,
            state=self.state_shown(row),
            came=self.came_shown(row),
            # It names people: a card's holder, an address.
            body=pretty_json(row.body) if may_see_people(request) else "",
            may_replay=request.user.has_perm(REPLAY),
            stripe_url=stripe_url(row.connection, row.event_id),
        )
        return TemplateResponse(request, "admin/billing/event.html", context)

    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST works it once more, now."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(REPLAY))
        if request.method == "POST":
            try:
                after = event_again(event=row, actor=actor_of(request))
            except DomainError as error:
                add_refusal(request, error)
            else:
                if after.state == State.DONE:
                    messages.success(request, _("Worked again: everything is as Stripe has it."))
                else:
                    messages.error(request, _("It couldn’t be worked: %(why)s") % {"why": after.error})
        return HttpResponseRedirect(self.url("change", row.pk))

    def failed_view(self, request: HttpRequest) -> HttpResponse:
        """POST has all that were given up on worked again, by the workers."""
        self.require(request.user.has_perm(REPLAY))
        if request.method == "POST":
            number = sum(
                events_failed_again(account=each, actor=actor_of(request)) for each in StripeConnection.objects.all()
            )
            told = ngettext("%(n)d event is worked again.", "%(n)d events are worked again.", number)
            messages.success(request, told % {"n": number})
        return HttpResponseRedirect(self.url("changelist"))
