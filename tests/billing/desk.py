"""Where staff stand: addresses of billing's pages in the admin, and somebody of each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.models import User
from members.roles import roles_sync
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.conftest import ClientFor

Entered = Callable[[str], Client]


@pytest.fixture
def entered(brand: Brand, client_for: ClientFor) -> Entered:
    """A client of somebody with the role."""

    def make(role: str) -> Client:
        roles_sync()
        return client_for(brand, user=User.objects.filter(email=f"{role}@team.example").first() or staff(role))

    return make


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:billing_{name}", urlconf="config.urls_brand", args=args)


def act(client: Client, row: Any, name: str, **more: Any) -> Any:
    """What staff send to do something to a subscription."""
    sent = {"reason": "They called us", "key": f"key-{name}", **more}
    return client.post(page("subscription_act", row.pk, name), sent)
