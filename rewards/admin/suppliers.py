"""Accounts at suppliers in the admin: made, tried, given a new key, paused, read and compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core import clock
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import BrandAdmin, actor_of, add_refusal
from core.backoffice.registry import brand_admin
from core.backoffice.words import DASH
from core.errors import DomainError
from loyalty.admin.amounts import money
from rewards.admin.supplierforms import ConnectionForm, SecretForm, SpanForm
from rewards.suppliers.accounts import connection_pause, connection_save, connection_verify, secret_rotate
from rewards.suppliers.models import SupplierConnection, SupplierProduct, SupplierSync
from rewards.suppliers.reconciling import suppliers_reconcile
from rewards.suppliers.syncing import sync_request
from rewards.suppliers.words import problem_words

LIMIT = "low_balance_minor"
READ, COMPARE = "rewards.add_suppliersync", "rewards.add_supplierreconciliation"


@brand_admin(SupplierConnection)
class SupplierConnectionAdmin(BrandAdmin):
    form = ConnectionForm
    list_display = ("name", "code", "state_shown", "balance_shown", "verified_at")
    ordering = ("name",)
    change_form_template = "admin/rewards/supplier.html"
    fieldsets = (
        (None, {"fields": (("name", "code"), ("program", "supplier"), "base_url", "secret")}),
        (gettext_lazy("Price"), {"fields": ("currency", "rates", ("rounding", "round_to"))}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no place for a key. In which money the balance is isn't known before it was tried."""
        if obj is None or self.has_change_permission(request, obj):
            known = obj is not None and obj.balance_currency
            sold = ("countries", LIMIT) if known else ("countries",)
            return (*self.fieldsets, (_("What is sold"), {"fields": sold}))
        shown_fields = (("name", "code"), ("program", "supplier"), "base_url", "currency", ("rounding", "round_to"),
                        "limit_shown")  # fmt: skip
        return ((None, {"fields": shown_fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "limit_shown")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    @display(description=gettext_lazy("state"), label={"sells": "success", "paused": "danger", "new": "warning"})
    def state_shown(self, row: SupplierConnection) -> tuple[str, str]:
        return state_of(row)

    @display(description=gettext_lazy("balance"))
    def balance_shown(self, row: SupplierConnection) -> str:
        return DASH if row.balance_minor is None else money(row.balance_minor, row.balance_currency)

    @display(description=gettext_lazy("pause the sale when the balance is below"))
    def limit_shown(self, row: SupplierConnection) -> str:
        return money(row.low_balance_minor, row.balance_currency) if row.balance_currency else DASH

    def perform(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        asked = dict(form.cleaned_data)
        secret = asked.pop("secret", "")
        before = SupplierConnection.objects.get(pk=obj.pk) if change else None
        obj.pk = connection_save(connection=before, fields=asked, secret=secret, actor=actor_of(request)).pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, _("Saved. Try the key next: before that nothing is sold."))
        return HttpResponseRedirect(self.url("change", obj.pk))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = (("act", self.act_view), ("key", self.key_view), ("compare", self.compare_view),
                ("progress", self.progress_view))  # fmt: skip
        return [
            *(path(f"<path:object_id>/{name}/", wrap(view), name=f"rewards_supplierconnection_{name}")
              for name, view in mine),
            *super().get_urls(),
        ]  # fmt: skip

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.object_or_404(request, object_id)
        more = {
            **self._sync_context(row),
            "account_state": state_of(row),
            "account_problem": problem_words(row.problem),
            "account_balance": self.balance_shown(row),
            "products": SupplierProduct.objects.filter(connection=row, withdrawn_at=None).count(),
            "products_url": f"{reverse('admin:rewards_supplierproduct_changelist')}?connection__id__exact={row.pk}",
            "may_change": self.has_change_permission(request, row),
            "may_read": request.user.has_perm(READ),
            "may_compare": request.user.has_perm(COMPARE),
        }
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def _sync_context(self, row: SupplierConnection) -> dict[str, Any]:
        sync = SupplierSync.objects.filter(connection=row).order_by("-pk").first()
        problem = problem_words(sync.problem) if sync is not None else ""
        return {"sync": sync, "sync_problem": problem, "progress_url": self.url("progress", row.pk)}

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The piece of the page that renews itself while a catalogue is read."""
        row = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, row))
        return TemplateResponse(request, "admin/rewards/supplier_progress.html", self._sync_context(row))

    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """verify, pause, resume: whoever may change it; read: whoever may have catalogues read."""
        row = self.object_or_404(request, object_id)
        act = request.POST.get("act", "")
        allowed = request.user.has_perm(READ) if act == "read" else self.has_change_permission(request, row)
        self.require(allowed)
        if request.method == "POST":
            try:
                self._act(request, row, act)
            except DomainError as error:
                add_refusal(request, error)
        return HttpResponseRedirect(self.url("change", row.pk))

    def _act(self, request: HttpRequest, row: SupplierConnection, act: str) -> None:
        actor = actor_of(request)
        if act == "verify":
            connection_verify(connection=row, actor=actor)
            messages.success(request, _("The supplier takes the key."))
        elif act in ("pause", "resume"):
            connection_pause(connection=row, paused=act == "pause", actor=actor)
        elif act == "read":
            sync_request(connection=row, actor=actor)

    def key_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        self.require(self.has_change_permission(request, row))

        def act(given: dict[str, Any]) -> str:
            secret_rotate(connection=row, secret=given["secret"], actor=actor_of(request))
            return _("The new key is in use.")

        return ask_and_do(
            self, request, SecretForm(sent(request)), act, title=_("A new key for %(supplier)s") % {"supplier": row},
            intro=_("The one in use ends in %(end)s.") % {"end": row.secret_last4}, submit=_("Use this key"), obj=row,
            back=self.url("change", row.pk),
        )  # fmt: skip

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Both sides' books beside each other, now."""
        row = self.object_or_404(request, object_id)
        self.require(request.user.has_perm(COMPARE))

        def act(given: dict[str, Any]) -> HttpResponse:
            now = clock.now()
            since = now - timedelta(days=given["days"])
            made = suppliers_reconcile(connection=row, since=since, until=now, actor=actor_of(request))
            return HttpResponseRedirect(reverse("admin:rewards_supplierreconciliation_change", args=[made.pk]))

        return ask_and_do(
            self, request, SpanForm(sent(request)), act,
            title=_("Compare the books with %(supplier)s") % {"supplier": row},
            intro=_("Each of our orders is looked up in the supplier’s list. What is clear is repaired."),
            submit=_("Compare"), obj=row, back=self.url("change", row.pk),
        )  # fmt: skip


def state_of(row: SupplierConnection) -> tuple[str, str]:
    if row.verified_at is None:
        return "new", _("not tried yet")
    return ("paused", row.get_paused_display()) if row.paused else ("sells", _("sells"))
