"""The brand's admin at /admin/: a site of its own. The platform's console is another site, on the operator's host only.

Staff log in where members do (lock-out, second factor), and no row of another brand can be seen from here: the host
decides the schema. Permissions are read on every request, so a demotion holds from the next one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from core.backoffice.registry import registered

MODULES = (
    "core.admin", "members.admin", "loyalty.admin", "rewards.admin", "billing.admin", "claims.admin", "referrals.admin",
    "draws.admin", "panels.admin", "partners.admin", "members.team",
)  # fmt: skip
LOGIN_URL = "/accounts/login/"


class BrandAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # its base has no types
    """Unfold's site, with the log-in and the password page of the members' pages."""

    index_title = gettext_lazy("Dashboard")
    index_template = "admin/brand/index.html"
    enable_nav_sidebar = True
    final_catch_all_view = True

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and getattr(user, "is_staff", False))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Never a log-in form of its own: that one would know neither lock-out nor second factor."""
        following = request.GET.get("next") or reverse(f"{self.name}:index")
        if not following.startswith(reverse(f"{self.name}:index")):
            following = reverse(f"{self.name}:index")
        if self.has_permission(request):
            return HttpResponseRedirect(following)
        if request.user.is_authenticated:
            raise PermissionDenied(_("Your log-in is not one of the team's."))
        return redirect_to_login(following, LOGIN_URL)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        return LogoutView.as_view(next_page=LOGIN_URL)(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect("/accounts/password/change/")


def make_site() -> BrandAdminSite:
    """The site with every room's ModelAdmins. The rooms' admin modules are read here, in the order of the house."""
    made = BrandAdminSite(name="admin")
    for module in MODULES:
        import_module(module)
    for model, admin_class in registered().items():
        made.register(model, admin_class)
    return made


site = make_site()
