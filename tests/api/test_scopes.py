"""Who may do what with which key: every address by every method, generated from the resolver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import URLPattern, URLResolver

from core.api.views import ApiView
from core.ids import uuid7
from partners.scopes import SCOPES
from tests.api.cast import Api, key_made, refused

MATRIX: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent.parent / "matrix" / "api_scopes.yaml").read_text()
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODIES: dict[str, Any] = {"POST": {}, "PATCH": {}, "PUT": {}}


def routes() -> dict[str, Any]:
    """Address below /api/v1/ → view class (None for a plain view), as the resolver has them."""
    from config.api import urlpatterns

    found: dict[str, Any] = {}

    def walk(patterns: list[Any], before: str) -> None:
        for each in patterns:
            here = before + str(each.pattern)
            if isinstance(each, URLResolver):
                walk(each.url_patterns, here)
            elif isinstance(each, URLPattern) and here.startswith("v1/"):
                address = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", here.removeprefix("v1/"))
                found[address] = getattr(each.callback, "view_class", None)

    walk(urlpatterns, "")
    return found


def address_of(route: str) -> str:
    values = {
        "member": f"{uuid7()}",
        "event": f"{uuid7()}",
        "redemption": f"{uuid7()}",
        "hold": f"{uuid7()}",
        "use": f"{uuid7()}",
        "payment": f"{uuid7()}",
        "import_job": f"{uuid7()}",
        "backtest": f"{uuid7()}",
        "invitation": f"{uuid7()}",
        "number": "1",
        "parcel": "1",
        "shipment": f"{uuid7()}",
        "subscription": f"{uuid7()}",
    }
    values |= {"claim": f"{uuid7()}", "file": f"{uuid7()}", "referral": f"{uuid7()}", "tester": f"{uuid7()}"}
    return re.sub(r"{(\w+)}", lambda name: values.get(name[1], "club"), route)


CELLS = [
    (route, method, scope)
    for route, row in MATRIX.items()
    for method, scope in row.items()
    if scope not in ("open", "any")
]


def test_every_address_of_the_api_is_in_the_matrix_and_the_other_way_round():
    assert sorted(routes()) == sorted(MATRIX)


def test_every_view_says_the_scopes_that_the_matrix_has():
    for route, view in routes().items():
        wanted = {method: "" if scope == "any" else scope for method, scope in MATRIX[route].items() if scope != "open"}
        if view is None:
            assert wanted == {}, route
            continue
        assert issubclass(view, ApiView), route
        assert view.scopes == wanted, route


def test_every_view_has_a_scope_for_each_method_and_a_method_for_each_scope():
    for route, view in routes().items():
        if view is not None:
            methods = {name.upper() for name in view.http_method_names if hasattr(view, name)} - {"HEAD"}
            assert methods == set(view.scopes), route


def test_the_scopes_of_views_and_the_scopes_of_keys_are_the_same():
    assert {scope for _route, _method, scope in CELLS} == set(SCOPES)


def test_everything_outside_v1_is_a_paper_or_nothing():
    from config.api import urlpatterns

    names = [each.name for each in urlpatterns if isinstance(each, URLPattern)]
    assert names == ["api-index", "api-schema", "api-docs", "api-problems", "api-nothing"]


@pytest.mark.parametrize(("route", "method", "scope"), CELLS, ids=lambda value: str(value))
def test_only_a_key_of_this_brand_with_the_scope_gets_through(brand, other_brand, client_for, route, method, scope):
    client, address = client_for(brand), address_of(route)
    body = BODIES.get(method)
    _row, right = key_made([scope])
    _row, without = key_made([each for each in SCOPES if each != scope])
    problem = refused(Api(client, without).send(method, address, body), 403, "scope_missing")
    assert problem["required"] == scope
    refused(Api(client, None).send(method, address, body), 401, "unauthenticated")
    refused(Api(client_for(other_brand), right).send(method, address, body), 401, "unauthenticated")
    assert Api(client, right).send(method, address, body).status_code not in (401, 403, 405, 500)


@pytest.mark.parametrize("route", [each for each in MATRIX if MATRIX[each] != {"GET": "open"}])
def test_other_methods_are_405_and_say_which_there_are(brand, client_for, route):
    _row, key = key_made()
    api = Api(client_for(brand), key)
    for method in METHODS:
        if method not in MATRIX[route]:
            answer = api.send(method, address_of(route), BODIES.get(method))
            refused(answer, 405, "method_not_allowed")
            assert answer["Allow"] == ", ".join(sorted(MATRIX[route]))


@pytest.mark.parametrize("address", ["nothing", "events/", "members/a/b/c", "/api/", "/api/v2/members", "/api/v1"])
def test_other_addresses_are_404_for_everyone(brand, client_for, address):
    _row, key = key_made()
    for shown in (key, None):
        refused(Api(client_for(brand), shown).get(address), 404, "no_such_path")
        refused(Api(client_for(brand), shown).post(address, {}), 404, "no_such_path")


def test_a_login_is_no_key(brand, client_for):
    from members.models import User

    user = User.objects.create_user("boss@example.com", "a long enough password", is_staff=True, is_superuser=True)
    refused(Api(client_for(brand, user=user), None).get("members"), 401, "unauthenticated")


def test_the_platforms_host_has_no_api(brand, client_for):
    _row, key = key_made()
    assert Api(client_for(None), key).get("members").status_code == 404
