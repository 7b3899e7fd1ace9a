"""Events in quarantine in the admin: why each is there, what differs, and whether it is taken or dropped."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from billing.admin.acts import ActWords
from billing.admin.stripelinks import stripe_url
from billing.models import QuarantinedEvent
from billing.settling import Difference, differences, known_body, quarantine_drop, quarantine_take
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import ReadOnlyAdmin, actor_of
from core.backoffice.columns import actor_names
from core.backoffice.display import pretty_json
from core.backoffice.forms import ReasonForm
from core.backoffice.periods import period_of
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from members.naming import may_see_people

SETTLE = "billing.change_quarantinedevent"
State = QuarantinedEvent.State
SERVICES = {"take": quarantine_take, "drop": quarantine_drop}
WORDS: dict[str, ActWords] = {
    "take": ActWords(
        title=gettext_lazy("Take this one"),
        intro=gettext_lazy(
            "It takes the place of the one that is known, and what it is about is read from Stripe anew. Do this when"
            " Stripe’s dashboard shows this one."
        ),
        done=gettext_lazy("Taken: it is worked now."),
    ),
    "drop": ActWords(
        title=gettext_lazy("Drop it"),
        intro=gettext_lazy("Nothing is done with it, and it is kept as it came. The one that is known stays."),
        done=gettext_lazy("Dropped: nothing was done with it."),
        danger=True,
    ),
}


@brand_admin(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "type", "event_id", "state_shown", "connection")
    list_filter = (period_of("received_at", default_period="all"), "state", "connection")
    search_fields = ("event_id__exact",)
    search_help_text = gettext_lazy("Search by the id of the event at Stripe.")
    ordering = ("-pk",)
    change_form_template = "admin/billing/quarantined.html"
    fields: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedEvent]:
        rows: QuerySet[QuarantinedEvent] = super().get_queryset(request).select_related("connection")
        return rows

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"waiting": "warning", "taken": "success", "dropped": "info"},
    )
    def state_shown(self, row: QuarantinedEvent) -> tuple[str, str]:
        return row.state, row.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        settle = self.admin_site.admin_view(self.settle_view)
        name = "billing_quarantinedevent_settle"
        return [path("<path:object_id>/settle/<slug:act>/", settle, name=name), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        known = known_body(row)
        # Bodies name people: a card's holder, an address. Where they differ names nobody.
        people = may_see_people(request)
        context = self.page_context(
            request,
            title=row.type,
            obj=row,
            row=row,
            state=self.state_shown(row),
            who=actor_names([row.settled_by]).get(row.settled_by, row.settled_by),
            differences=[_shown(each, people=people) for each in differences(known, row.body)],
            known=pretty_json(known) if people else "",
            body=pretty_json(row.body) if people else "",
            acts=list(WORDS.items()) if row.state == State.WAITING and request.user.has_perm(SETTLE) else [],
            stripe_url=stripe_url(row.connection, row.event_id),
        )
        return TemplateResponse(request, "admin/billing/quarantined.html", context)

    def settle_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """GET asks for the reason, POST does it."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(SETTLE))
        words = WORDS.get(act)
        if words is None:
            raise Http404(_("There is no such thing here."))

        def act_with(given: dict[str, Any]) -> str:
            SERVICES[act](event=row, reason=given["reason"], actor=actor_of(request))
            return str(words.done)

        return ask_and_do(
            self, request, ReasonForm(sent(request)), act_with, title=str(words.title), intro=str(words.intro),
            danger=words.danger, obj=row, back=self.url("change", row.pk),
        )  # fmt: skip


def _shown(each: Difference, *, people: bool) -> tuple[str, str, str]:
    return each.at, _text(each.known, people=people), _text(each.new, people=people)


def _text(value: Any, *, people: bool) -> str:
    if value is None:
        return DASH
    if not people:
        return "…"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
