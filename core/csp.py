"""The security headers of every answer. One strict policy; three places have a named exception, nothing else has."""

from __future__ import annotations

from functools import cache
from typing import Any

from csp.constants import HEADER, NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CheckableLazyObject, CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

NONE = "'none'"
POLICY: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "frame-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "object-src": [NONE],
    "frame-ancestors": [NONE],
}
# unfold's Alpine evaluates expressions and sets styles; Swagger sets styles.
BACKOFFICE = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
API_VIEWER = {"script-src": [SELF], "style-src": [SELF, UNSAFE_INLINE]}
EXCEPTIONS = (("/admin/", BACKOFFICE), ("/platform/", BACKOFFICE), ("/api/docs/", API_VIEWER))

HEADERS = {
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=()"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Outermost, so that the answers of other middlewares and the error pages carry the headers too."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            parts.config = POLICY
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for prefix, exception in EXCEPTIONS:
            if request.path_info.startswith(prefix) and not hasattr(response, "_csp_replace"):
                response._csp_replace = exception  # type: ignore[attr-defined]  # django-csp's
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        # Somebody is logged in: what they see is nobody else's. Only looked at where a view already asked who it is.
        known = getattr(request, "_cached_user", None)
        if known is not None and known.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        if _is_plain(request, response):
            # No nonce was asked for and nobody changed the policy: building it anew takes an eighth of an API request.
            response.headers.setdefault(HEADER, plain_policy())
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]  # django-csp's
            return response
        return super().process_response(request, response)


@cache
def plain_policy() -> str:
    """The policy of an answer that uses no nonce."""
    return str(build_policy(config=POLICY))


def _is_plain(request: HttpRequest, response: HttpResponseBase) -> bool:
    if settings.DEBUG or getattr(request, "_csp_nonce", None) is not None:
        return False
    # Without the response's own marks (django-csp's decorators, the exceptions above).
    return not any(name.startswith("_csp") for name in vars(response))
