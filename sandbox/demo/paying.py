"""The demo's brand with plans: published, its account at the local Stripe, and members who have joined."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import transaction

from billing.access import access_sweep
from billing.catalog import plans_push
from billing.connections import connection_add, hook_url
from billing.gateway import ask
from billing.joining import membership_join
from billing.models import StripeConnection
from billing.plans import plan_named
from billing.reconciling import events_reconcile
from core.actor import Actor, system
from core.errors import DomainError
from loyalty.drafts import section_put
from loyalty.models import Enrollment, Program
from loyalty.publishing import program_publish
from sandbox.demo.boxing import boxes_addressed
from tenants.context import brand_context, platform_context
from tenants.models import Brand

DEMO = system("demo")
GOOD = "4242424242424242"


def plans_add(plan: dict[str, Any], program: Program) -> None:
    """Published, connected, and joined by some. Nothing where no stand-in runs."""
    told = plan.get("billing")
    if not told or not settings.STRIPE_API_BASE:
        return
    with transaction.atomic():
        row = section_put(program=program, name="billing", plain=told["section"], actor=DEMO)
        program_publish(program=row, actor=DEMO, expected_revision=row.draft_revision, note="Plans")
    connection = connection_add(key=told["key"], actor=DEMO)
    plans_push(connection)
    places = Enrollment.objects.filter(program=program).select_related("member").order_by("-accounts__balance")
    for number, place in enumerate(places[: told["members"]]):
        _join(place, told["joins"][number % len(told["joins"])])
    # Nothing listens to webhooks yet: what was sent is read from the list, as after any outage.
    events_reconcile(connection)
    access_sweep()
    boxes_addressed()


def _join(place: Enrollment, wanted: list[str]) -> None:
    actor = Actor("member", f"member:{place.member.public_id}", "web")
    code, price = wanted
    try:
        joined = membership_join(
            member=place.member, plan=plan_named(code), price=price, success_url="https://example.com/",
            cancel_url="https://example.com/", actor=actor,
        )  # fmt: skip
    except DomainError:
        return
    if joined.url:
        _press(joined.url, {"press": "pay", "card": GOOD})


def _press(url: str, form: dict[str, str]) -> None:
    """The button on the stand-in's page."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", parts.path, urlencode(form), headers)
    connection.getresponse().read()
    connection.close()


def plans_moved(plan: dict[str, Any]) -> None:
    """The brand may stand at another port than at the last start: webhooks go to where it is now."""
    if not plan.get("billing") or not settings.STRIPE_API_BASE:
        return
    with platform_context():
        brand = Brand.objects.get(slug=plan["slug"])
    with brand_context(brand):
        connection = StripeConnection.objects.filter(current=True).first()
        if connection is None:
            return
        here, endpoint = hook_url(connection), connection.endpoint_id
        try:
            ask(connection, lambda v1: v1.webhook_endpoints.update(endpoint, {"url": here}))
        except DomainError:
            return
