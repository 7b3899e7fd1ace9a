"""What a key may: one scope per method, declared on the view. Must not import rest_framework.views (a circle)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from core.api.auth import Principal
from core.problems import MethodNotAllowed, ScopeMissing, Unauthenticated

# A method that every valid key may use: the index.
ANY_KEY = ""


def scope_check(principal: Principal | None, method: str, scopes: dict[str, str]) -> None:
    """Unauthenticated without a principal, MethodNotAllowed without a scope for the method, ScopeMissing."""
    if principal is None:
        raise Unauthenticated()
    wanted = scopes.get("GET" if method == "HEAD" else method)
    if wanted is None:
        raise MethodNotAllowed(_("This address takes %(methods)s.") % {"methods": ", ".join(sorted(scopes))})
    if wanted != ANY_KEY and wanted not in principal.scopes:
        raise ScopeMissing(_("The key needs the scope %(scope)s.") % {"scope": wanted}, required=wanted)


class HasScope(BasePermission):
    """The view's `scopes` by method, held by the key. A view without `scopes` lets nobody in."""

    def has_permission(self, request: Any, view: Any) -> bool:
        scope_check(request.auth, request.method, getattr(view, "scopes", {}))
        return True
