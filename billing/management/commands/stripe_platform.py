"""`stripe_platform`: makes the platform's endpoint at Stripe, where events of all connected accounts arrive."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing.connecting import PLATFORM_EVENTS, PLATFORM_HOOK
from billing.gateway import API_VERSION, asking, client_for, plain
from core.errors import DomainError
from tenants.links import platform_url


class Command(BaseCommand):
    help = "Makes the endpoint for Stripe Connect with STRIPE_PLATFORM_KEY, and tells its secret once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_PLATFORM_KEY:
            raise CommandError("Set STRIPE_PLATFORM_KEY first: the platform's own key, which may use Connect.")
        params: Any = {
            "url": platform_url(PLATFORM_HOOK), "enabled_events": list(PLATFORM_EVENTS), "api_version": API_VERSION,
            "connect": True,
        }  # fmt: skip
        try:
            with asking():
                made = plain(client_for(settings.STRIPE_PLATFORM_KEY).v1.webhook_endpoints.create(params))
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.detail}") from error
        self.stdout.write(f"{made['id']} hears of all connected accounts at {made['url']}.")
        self.stdout.write(f"Put its secret first in STRIPE_PLATFORM_SECRETS, it isn't shown again:\n{made['secret']}")
