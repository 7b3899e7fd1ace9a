"""The platform's console at /platform/, on the operator brand's host and nowhere else.

The operator's staff are users of the operator brand. The tables they work on are the public schema's, which every
brand's search path can see; what keeps a brand's superuser out is that this site is in no other urlconf, and
has_permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin import action
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.sites import UnfoldAdminSite

from core.errors import DomainError
from tenants.context import platform_context
from tenants.links import brand_url
from tenants.models import Brand, BrandKind, BrandSignup, BrandStatus, Domain, SignupState
from tenants.signup import signup_retry
from tenants.switching import brand_status_set

LOGIN_URL = "/accounts/login/"


class OperatorAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # its base has no types
    """Staff of the operator brand only, who log in by the same door as everybody (lock-out, second factor)."""

    settings_name = "UNFOLD_OPERATOR"
    site_title = site_header = gettext_lazy("Stamgast platform")
    index_title = gettext_lazy("Platform")
    final_catch_all_view = True

    def has_permission(self, request: HttpRequest) -> bool:
        brand = getattr(request, "brand", None)
        user = request.user
        return bool(brand is not None and brand.is_operator and user.is_active and user.is_staff)

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.name}:tenants_brand_changelist"))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        home = reverse(f"{self.name}:index")
        following = request.GET.get("next") or home
        following = following if following.startswith(home) else home
        if self.has_permission(request):
            return HttpResponseRedirect(following)
        if request.user.is_authenticated:
            raise PermissionDenied(_("Your log-in is not one of the team's."))
        return redirect_to_login(following, LOGIN_URL)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return LogoutView.as_view(next_page=LOGIN_URL)(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect("/accounts/password/change/")


class PlatformAdmin(ModelAdmin):  # type: ignore[misc]  # its base has no types
    """Rows of the public schema, written in its context; the log of who did it stays with the operator brand."""

    list_filter_submit = True
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with platform_context():
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with platform_context():
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with platform_context():
            super().delete_queryset(request, queryset)


class BrandAdmin(PlatformAdmin):
    list_display = ("name", "address", "kind", "status_shown", "language", "created_at")
    list_filter = ("status", "kind", "language")
    search_fields = ("name", "slug")
    ordering = ("slug",)
    actions = ("suspend", "activate")
    readonly_fields = ("slug", "schema_name", "kind", "status", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "slug", "schema_name", "kind", "status", "created_at")}),
        (gettext_lazy("How it looks"), {"fields": ("language", "time_zone", "color_primary", "color_accent", "logo")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return super().get_queryset(request).exclude(kind=BrandKind.TEMPLATE)  # type: ignore[no-any-return]  # unfold's has no types

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a brand comes by sign-up or by the command brand_create, with its schema

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # and goes by the command brand_drop, after a dump

    @display(description=gettext_lazy("address"), ordering="slug")  # type: ignore[untyped-decorator]  # unfold's has no types
    def address(self, brand: Brand) -> str:
        return format_html('<a class="link" href="{}">{}</a>', brand_url(brand), brand.slug)

    @display(  # type: ignore[untyped-decorator]  # unfold's has no types
        description=gettext_lazy("status"),
        ordering="status",
        label={"active": "success", "suspended": "warning", "provisioning": "info", "failed": "danger"},
    )
    def status_shown(self, brand: Brand) -> tuple[str, str]:
        return brand.status, brand.get_status_display()

    @action(description=gettext_lazy("Suspend: close the pages, keep everything"), permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Brand]) -> None:
        self._switch(request, queryset, BrandStatus.SUSPENDED)

    @action(description=gettext_lazy("Activate: open the pages again"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Brand]) -> None:
        self._switch(request, queryset, BrandStatus.ACTIVE)

    def _switch(self, request: HttpRequest, brands: Iterable[Brand], status: BrandStatus) -> None:
        done = 0
        for brand in brands:
            try:
                brand_status_set(slug=brand.slug, status=status)
            except DomainError as refusal:
                messages.error(request, f"{brand.name}: {refusal.detail}")
            else:
                self.log_change(request, brand, f"status: {status.value}")
                done += 1
        if done:
            messages.success(request, ngettext("%d brand changed.", "%d brands changed.", done) % done)


class DomainAdmin(PlatformAdmin):
    list_display = ("domain", "tenant", "is_primary")
    search_fields = ("domain",)
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)


class BrandSignupAdmin(PlatformAdmin):
    list_display = ("name", "slug", "email", "state_shown", "attempts", "created_at")
    list_filter = ("state", "language")
    search_fields = ("name", "slug", "email")
    ordering = ("-created_at",)
    actions = ("again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(  # type: ignore[untyped-decorator]  # unfold's has no types
        description=gettext_lazy("state"),
        ordering="state",
        label={"done": "success", "failed": "danger", "running": "info", "queued": "info", "requested": "warning"},
    )
    def state_shown(self, signup: BrandSignup) -> tuple[str, str]:
        return signup.state, signup.get_state_display()

    @action(description=gettext_lazy("Set up again what failed"), permissions=["view"])
    def again(self, request: HttpRequest, queryset: QuerySet[BrandSignup]) -> None:
        for signup in queryset.filter(state=SignupState.FAILED):
            try:
                signup_retry(signup_id=signup.pk)
            except DomainError as refusal:
                messages.error(request, f"{signup}: {refusal.detail}")
            else:
                messages.success(request, _("%s is queued.") % signup)


site = OperatorAdminSite(name="platform_console")
site.register(Brand, BrandAdmin)
site.register(Domain, DomainAdmin)
site.register(BrandSignup, BrandSignupAdmin)
