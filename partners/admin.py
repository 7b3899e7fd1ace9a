"""API keys in the admin: made, shown once, revoked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from core import clock
from core.backoffice.asking import ask_and_do, sent
from core.backoffice.base import AUDIT, BrandAdmin, actor_of
from core.backoffice.columns import actor_names, attach, attached
from core.backoffice.forms import DressedForm
from core.backoffice.registry import brand_admin
from partners.models import ApiKey
from partners.scopes import SCOPES
from partners.services import MAX_RATE, api_key_create, api_key_revoke


class KeyForm(DressedForm):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Which system uses it: “web shop”, “till”.")
    )
    scopes = forms.MultipleChoiceField(label=gettext_lazy("What it may do"), choices=list(SCOPES.items()))
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Valid until"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Empty: until it is revoked."),
    )
    rate_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests per minute"),
        required=False,
        min_value=1,
        max_value=MAX_RATE,
        help_text=gettext_lazy("Empty: the usual number."),
    )


@brand_admin(ApiKey)
class ApiKeyAdmin(BrandAdmin):
    list_display = ("name", "prefix_shown", "status", "scopes_shown", "expires_at", "last_used_on", "who")
    search_fields = ("name", "prefix")
    ordering = ("-id",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def prepare_page(self, request: HttpRequest, rows: list[Any]) -> None:
        names = actor_names(row.created_by for row in rows)
        attach(rows, "who", lambda page: {row.pk: names.get(row.created_by, row.created_by) for row in page})

    @display(description=gettext_lazy("begins with"))
    def prefix_shown(self, key: ApiKey) -> str:
        return f"sg_{key.prefix}_…"

    @display(description=gettext_lazy("status"), label={"valid": "success", "expired": "warning", "revoked": "danger"})
    def status(self, key: ApiKey) -> tuple[str, str]:
        if key.revoked_at:
            return "revoked", _("revoked")
        if key.expires_at and key.expires_at <= clock.now():
            return "expired", _("expired")
        return "valid", _("valid")

    @display(description=gettext_lazy("may do"))
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description=gettext_lazy("made by"))
    def who(self, key: ApiKey) -> str:
        return str(attached(key, "who") or "")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<path:object_id>/revoke/", view, name="partners_apikey_revoke"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The answer to the form shows the key, once; it is in no address and in no session."""
        self.require(self.has_add_permission(request))

        def act(given: dict[str, Any]) -> HttpResponse:
            row, secret = api_key_create(actor=actor_of(request), **given)
            return self._key_page(request, row, secret)

        return ask_and_do(
            self, request, KeyForm(sent(request)), act, title=_("Make an API key"), submit=_("Make the key"),
            intro=_("One key for each system, so that you can revoke one without stopping the others."),
            back=self.url("changelist"),
        )  # fmt: skip

    def _key_page(self, request: HttpRequest, row: ApiKey, secret: str) -> HttpResponse:
        context = self.page_context(
            request, title=_("The key of %(name)s") % {"name": row.name}, obj=row, secret=secret,
            list_url=self.url("changelist"),
        )  # fmt: skip
        response = TemplateResponse(request, "admin/partners/key_once.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key = self.object_or_404(request, object_id)
        self.require(self.has_view_permission(request, key))
        context = self.page_context(
            request,
            title=key.name,
            obj=key,
            key=key,
            status=self.status(key),
            scopes=[SCOPES.get(scope, scope) for scope in key.scopes],
            who=actor_names([key.created_by]).get(key.created_by, key.created_by),
            may_revoke=self.has_delete_permission(request, key) and key.revoked_at is None,
            revoke_url=self.url("revoke", key.pk),
            list_url=self.url("changelist"),
        )
        return TemplateResponse(request, "admin/partners/key.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may revoke. Rows are never deleted: the trail names them."""
        return bool(request.user.has_perm("partners.delete_apikey"))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.require(self.has_delete_permission(request))
        return HttpResponseRedirect(self.url("revoke", object_id))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.require(self.has_view_permission(request) and request.user.has_perm(AUDIT))
        key = self.object_or_404(request, object_id)
        query = urlencode({"object_type": "api_key", "object_id": key.prefix, "period": "all"})
        return HttpResponseRedirect(f"{reverse('admin:core_auditentry_changelist')}?{query}")

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.object_or_404(request, object_id)
        self.require(self.has_delete_permission(request, key))

        def act(given: dict[str, Any]) -> HttpResponse:
            api_key_revoke(api_key=key, actor=actor_of(request))
            messages.success(request, _("%(name)s is revoked; its next request is refused.") % {"name": key.name})
            return HttpResponseRedirect(self.url("changelist"))

        return ask_and_do(
            self, request, DressedForm(sent(request)), act, title=_("Revoke %(name)s") % {"name": key.name},
            intro=_("The system that uses this key is refused from its next request on. This can't be undone."),
            submit=_("Revoke"), danger=True, obj=key, back=self.url("change", key.pk),
        )  # fmt: skip
