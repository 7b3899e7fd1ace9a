"""The host decides the brand, and nothing else does."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from core.database import identifier, owner_connection
from core.tenancy import current_schema
from members.models import User
from tenants import registry
from tenants.context import PARKED, brand_context, park, platform_context
from tenants.models import Brand, BrandStatus
from tests.conftest import ClientFor, NewBrand


def where(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{current_schema()} {request.user}")


def users(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.count()))


urlpatterns = [path("where/", where), path("users/", users)]
here = override_settings(ROOT_URLCONF=__name__, PUBLIC_SCHEMA_URLCONF=__name__, OPERATOR_URLCONF=__name__)


@here
def test_each_host_gets_its_own_schema(
    brand: Brand, other_brand: Brand, operator_brand: Brand, client_for: ClientFor
) -> None:
    for each in (brand, other_brand, operator_brand):
        assert client_for(each).get("/where/").content.decode() == f"{each.schema_name} AnonymousUser"


@here
def test_the_platforms_host_stands_in_public_without_session_or_log_in(brand: Brand, client_for: ClientFor) -> None:
    user = User.objects.create(email="someone@gem.example")
    insider = client_for(brand, user=user)
    outside = client_for(None)
    outside.cookies = insider.cookies
    response = outside.get("/where/")
    assert response.content.decode() == "public AnonymousUser"
    assert not response.cookies


def test_an_unknown_host_gets_404_even_with_a_forged_forwarded_host(brand: Brand) -> None:
    response = Client(SERVER_NAME="nobody.localhost", HTTP_X_FORWARDED_HOST="gem.localhost").get("/")
    assert response.status_code == 404
    assert "Gem" not in response.content.decode()
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_template_has_no_pages(brand: Brand, touchable: set[str]) -> None:
    from tenants.models import Domain

    touchable.add("public")
    with platform_context():
        template = Brand.objects.get(schema_name=settings.TEMPLATE_SCHEMA)
        Domain.objects.create(domain="template.localhost", tenant=template)
    assert Client(SERVER_NAME="template.localhost").get("/").status_code == 404


@pytest.mark.parametrize("status", [BrandStatus.SUSPENDED, BrandStatus.PROVISIONING, BrandStatus.FAILED])
def test_a_closed_brand_answers_503_and_when_to_come_back(
    brand: Brand, client_for: ClientFor, touchable: set[str], status: BrandStatus
) -> None:
    touchable.add("public")
    with platform_context():
        brand.status = status
        brand.save()
    page = client_for(brand).get("/")
    assert (page.status_code, page["Retry-After"]) == (503, "30")
    api = client_for(brand).get("/api/v1/members/")
    assert (api.status_code, api.json()["code"]) == (503, "brand_unavailable")


def drop_schema(brand: Brand) -> None:
    with owner_connection() as owner:
        owner.execute(f"DROP SCHEMA {identifier(brand.schema_name)} CASCADE".encode())


def test_a_brand_without_its_schema_answers_503_and_nothing_of_public(
    new_brand: NewBrand, client_for: ClientFor
) -> None:
    made = new_brand()
    client = client_for(made)
    with here:
        assert client.get("/where/").status_code == 200
        drop_schema(made)
        registry._sure_until = 0.0  # a few seconds later
        assert client.get("/where/").status_code == 503


def test_a_schema_dropped_while_the_cache_still_knows_it_answers_503(
    new_brand: NewBrand, client_for: ClientFor
) -> None:
    made = new_brand()
    client = client_for(made)
    with here:
        assert client.get("/users/").status_code == 200
        drop_schema(made)
        assert client.get("/users/").status_code == 503


def test_a_session_of_one_brand_is_none_at_another(brand: Brand, other_brand: Brand, client_for: ClientFor) -> None:
    user = User.objects.create(email="someone@gem.example")
    client = client_for(brand, user=user)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    with override_settings(ROOT_URLCONF=__name__):
        assert client.get("/where/").content.decode().endswith("someone@gem.example")
        # Worse than a replayed cookie: the row itself was copied, and a user of the same id exists there.
        row = Session.objects.get(session_key=key)
        with brand_context(other_brand):
            User.objects.create(pk=user.pk, email="victim@oak.example")
            Session.objects.create(session_key=key, session_data=row.session_data, expire_date=row.expire_date)
        thief = client_for(other_brand)
        thief.cookies = client.cookies
        assert thief.get("/where/").content.decode() == f"{other_brand.schema_name} AnonymousUser"


def test_when_the_response_has_been_sent_the_connection_is_parked(brand: Brand) -> None:
    from tenants.guards import _on_request_finished

    assert current_schema() == brand.schema_name
    _on_request_finished()
    assert current_schema() == PARKED


def test_a_parked_connection_sees_neither_a_brand_nor_the_public_schema(brand: Brand) -> None:
    from django.db import transaction

    park()
    for model in (User, Brand):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.count()
