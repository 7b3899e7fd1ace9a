"""Every page of the admin answers, with everything that a working brand has on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from django.conf import settings
from django.contrib.admin.utils import flatten
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.admin import site
from core.backoffice.words import Labelled
from members.models import Member
from tests.backoffice.conftest import House, furnish
from tests.loyalty import shop

Entered = Callable[[str], Client]
TEMPLATES = Path(settings.BASE_DIR) / "templates/admin"
HEADER = re.compile(r"{% block nav-global-side %}(.*?){% endblock %}", re.DOTALL)
BUTTON = re.compile(r'<(a|button)\b[^>]*\bclass="[^"]*sg-button[^"]*"[^>]*>(.*?)</\1>', re.DOTALL)
MODELS = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in site._registry)


def path_of(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", urlconf="config.urls_brand", args=args)


@pytest.mark.parametrize("name", MODELS)
def test_a_list_and_its_first_page_answer(name: str, house: House, entered: Entered) -> None:
    client = entered("owner")
    page = client.get(path_of(f"{name}_changelist"))
    assert page.status_code == 200
    model = next(m for m in site._registry if f"{m._meta.app_label}_{m._meta.model_name}" == name)
    row = site._registry[model].get_queryset(page.wsgi_request).first()
    if row is not None:
        assert client.get(path_of(f"{name}_change", row.pk)).status_code == 200
        assert client.get(path_of(f"{name}_history", row.pk)).status_code in (200, 302)
    assert client.get(path_of(f"{name}_change", 999999)).status_code == 404
    assert client.get(path_of(f"{name}_changelist"), {"q": "anna"}).status_code == 200


def test_what_is_a_label_in_a_list_stands_as_its_words_on_a_page() -> None:
    shown = [
        (model.__name__, name)
        for model, admin in site._registry.items()
        for name in map(str, {*flatten([*admin.readonly_fields, *(admin.fields or ())])})
        if getattr(getattr(type(admin), name, None), "label", None)
        and get_type_hints(getattr(type(admin), name)).get("return") is not Labelled
    ]
    assert shown == []
    assert str(Labelled("sold", "on sale")) == "on sale"


def test_buttons_in_the_header_have_an_icon_since_that_is_all_there_is_of_them_on_a_phone() -> None:
    bare = [
        (str(path.relative_to(TEMPLATES)), button)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for block in HEADER.findall(path.read_text())
        for _tag, button in BUTTON.findall(block)
        if "material-symbols-outlined" not in button
    ]
    assert bare == []


@pytest.mark.parametrize("tab", ["", "consents", "points", "ledger", "events", "redemptions"])
def test_each_tab_of_a_member_answers(tab: str, house: House, entered: Entered) -> None:
    page = entered("owner").get(path_of("members_member_change", house.member.pk), {"tab": tab})
    assert page.status_code == 200
    assert (b"A-1" in page.content) == (tab in ("ledger", "events"))


@pytest.mark.parametrize("role", ["owner", "marketer", "support", "analyst"])
def test_the_dashboard_answers_for_every_role(role: str, house: House, entered: Entered) -> None:
    page = entered(role).get(path_of("index"))
    assert page.status_code == 200
    assert "Points given" in page.content.decode()
    assert ("Cinema has 19 codes left." in page.content.decode()) is (role != "nobody")


def test_the_dashboard_is_in_dutch_for_whoever_reads_dutch(house: House, entered: Entered) -> None:
    client = entered("owner")
    client.cookies["django_language"] = "nl"
    page = client.get(path_of("index")).content.decode()
    assert 'lang="nl"' in page


def queries(client: Client, path: str, **query: str) -> int:
    with CaptureQueriesContext(connection) as sent:
        assert client.get(path, query).status_code == 200
    print([q["sql"][:160] for q in sent.captured_queries])
    return len(sent.captured_queries)


@pytest.mark.parametrize(
    "name", ["members_member", "loyalty_pointsentry", "loyalty_event", "loyalty_order", "rewards_redemption",
             "core_auditentry", "loyalty_earningrule"]
)  # fmt: skip
def test_a_list_asks_as_much_for_many_rows_as_for_few(name: str, house: House, entered: Entered) -> None:
    client = entered("owner")
    path = path_of(f"{name}_changelist")
    client.get(path)
    few = queries(client, path)
    for number in range(8):
        member = shop.member(f"Bo{number}")
        shop.place(member, house.program)
        shop.send(shop.order(member, 100 + number), shop.review(member))
    client.get(path)  # What is read again every few seconds is read here.
    assert queries(client, path) <= few


def test_another_brands_object_is_not_found(
    brand: Any, other_brand: Any, entered: Entered, client_for: Callable[..., Client]
) -> None:
    from tenants.context import brand_context

    with brand_context(other_brand):
        theirs = furnish()
        number = Member.objects.order_by("-pk").values_list("pk", flat=True)[0]
    client = entered("owner")
    assert not Member.objects.filter(pk=number).exists()
    for name, pk in (
        ("members_member_change", theirs.member.pk), ("rewards_redemption_change", theirs.redemption.pk),
        ("loyalty_program_change", theirs.program.pk), ("loyalty_program_publish", theirs.program.pk),
        ("rewards_redemption_cancel", theirs.redemption.pk), ("members_member_suspend", theirs.member.pk),
        ("loyalty_pointsentry_adjust", theirs.member.pk),
    ):  # fmt: skip
        assert client.get(path_of(name, pk)).status_code == 404, name
