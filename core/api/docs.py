"""The API's papers: the OpenAPI document, a viewer that needs nothing from elsewhere, and a page of all error codes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from core.problems import all_problems


@lru_cache(maxsize=1)
def openapi_document() -> bytes:
    """The OpenAPI 3.1 document as JSON, in English, made once per process: it depends on the code alone."""
    with override("en"):
        document = SchemaGenerator().get_schema(request=None, public=True)
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=1) + b"\n"


@require_safe
def openapi_view(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(openapi_document(), content_type="application/json")
    response["Cache-Control"] = "public, max-age=300"
    return response


class SwaggerView(SpectacularSwaggerSplitView):
    """Open to everyone: it shows what the API can do, not what is in it."""

    url_name = "api-schema"
    title = "Stamgast API"
    authentication_classes = ()
    permission_classes = ()


@require_safe
def problems_view(request: HttpRequest) -> HttpResponse:
    """Every error code with its status, its meaning and what to do: what a problem's `type` links to."""
    problems: list[dict[str, Any]] = [
        {"code": each.code, "status": each.status, "title": each.title, "hint": each.hint} for each in all_problems()
    ]
    return render(request, "api/problems.html", {"problems": problems})
