"""The keys that entitlement tokens are checked by, for everybody to read."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rewards.benefits.tokens import KEPT, keys_published


@require_safe
def keys_view(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(keys_published()), content_type="application/jwk-set+json")
    response["Cache-Control"] = f"public, max-age={int(KEPT.total_seconds())}"
    response["Access-Control-Allow-Origin"] = "*"
    return response
