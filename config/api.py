"""The API of a brand's host: what the rooms bring, its papers, and a problem document for every other address."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from msgspec import Struct

from billing.api import api_urls as billing_urls
from billing.boxes.api import api_urls as boxes_urls
from billing.boxes.moneyapi import api_urls as box_money_urls
from claims.api import api_urls as claims_urls
from core.api.docs import SwaggerView, openapi_view, problems_view
from core.api.perms import ANY_KEY
from core.api.problems import no_such_path
from core.api.schema import describe
from core.api.views import ApiView, answer
from draws.api import api_urls as draws_urls
from loyalty.api import api_urls as loyalty_urls
from members.api import api_urls as members_urls
from panels.api import api_urls as panels_urls
from referrals.api import api_urls as referrals_urls
from rewards.api import api_urls as rewards_urls

ROOT = "/api/v1/"
INDEX = {
    "claims": f"{ROOT}claims",
    "events": f"{ROOT}events",
    "events_bulk": f"{ROOT}events/bulk",
    "members": f"{ROOT}members",
    "panels": f"{ROOT}panels",
    "places": f"{ROOT}places",
    "plans": f"{ROOT}plans",
    "programs": f"{ROOT}programs",
    "redemptions": f"{ROOT}redemptions",
    "referrals": f"{ROOT}referrals",
    "rewards": f"{ROOT}rewards",
    "shipments": f"{ROOT}shipments",
    "sweepstakes": f"{ROOT}sweepstakes",
    "schema": f"{ROOT}schema.json",
    "docs": "/api/docs/",
    "problems": "/api/docs/problems/",
}


class IndexOut(Struct):
    """scopes: what the key that asks may do. links: where to go from here."""

    version: int
    scopes: list[str]
    links: dict[str, str]


class IndexView(ApiView):
    scopes = {"GET": ANY_KEY}

    @describe(
        summary="Look around",
        tag="Index",
        answers={200: IndexOut},
        examples={"200": {"version": 1, "scopes": ["events:write"], "links": INDEX}},
    )
    def get(self, request: Any) -> HttpResponse:
        """Which addresses there are, and what the key may do: a first request to try a key with."""
        return answer(200, IndexOut(1, sorted(self.principal.scopes), INDEX))


urlpatterns: list[Any] = [
    path("v1/", IndexView.as_view(), name="api-index"),
    path("v1/schema.json", openapi_view, name="api-schema"),
    path("v1/", include([*loyalty_urls, *members_urls, *rewards_urls, *claims_urls, *referrals_urls, *draws_urls])),
    path("v1/", include([*panels_urls, *boxes_urls, *box_money_urls, *billing_urls])),
    path("docs/", SwaggerView.as_view(), name="api-docs"),
    path("docs/problems/", problems_view, name="api-problems"),
    re_path(r"^(?P<rest>.*)$", csrf_exempt(no_such_path), name="api-nothing"),
]
