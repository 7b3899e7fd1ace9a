"""Every error is a problem document, and every code is explained."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.db import OperationalError
from psycopg import errors as pg
from rest_framework import exceptions as drf

from core.api.problems import domain_error
from core.problems import all_problems
from loyalty.api import events, points
from members.api import views
from tests.api.cast import refused

CODE = re.compile(r"""\bcode=["']([a-z_]+)["']""")


def test_a_lock_that_isnt_had_is_503_with_retry_after(api, anna, monkeypatch):
    def locked(*args, **kwargs):
        raise OperationalError("canceling statement") from pg.LockNotAvailable()

    for module, name, path in (
        (points, "balances_named", "members/ext:C-1/balances"),
        (views, "member_by_reference", "members/ext:C-1"),
    ):
        monkeypatch.setattr(module, name, locked)
        answer = api.get(path)
        refused(answer, 503, "busy")
        assert int(answer["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("module", "name", "path"),
    [(events, "events_filtered", "events"), (views, "members_filtered", "members")],
)
def test_what_nobody_expected_is_logged_and_its_text_kept_back(api, monkeypatch, caplog, module, name, path):
    def broken(*args, **kwargs):
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(module, name, broken)
    with caplog.at_level(logging.ERROR):
        answer = api.get(path)
    refused(answer, 500, "internal_error")
    assert b"secret" not in answer.content
    assert "secret of the house" in caplog.text


def test_an_answer_in_another_format_cant_be_had(api, club):
    refused(api.get("members", accept="text/html"), 406, "not_acceptable")


def test_a_request_keeps_the_id_that_it_came_with_unless_it_is_odd(api, club):
    assert api.get("members", x_request_id="till-7.42")["X-Request-Id"] == "till-7.42"
    for odd in ("a b", "x" * 65, "é", ""):
        assert api.get("members", x_request_id=odd)["X-Request-Id"] not in ("", odd)


def test_errors_speak_dutch_to_those_who_ask_for_it(api, club):
    answer = api.get("members/7", accept_language="nl")
    assert answer["Content-Language"] == "nl"
    assert refused(answer, 404, "member_not_found")["code"] == "member_not_found"


def test_drfs_own_errors_become_ours():
    detail: Any = {"name": ["Too short."], "lines": [{}, {"sku": ["Missing."]}], "non_field_errors": ["Odd."]}
    error = domain_error(drf.ValidationError(detail))
    assert (error.status, error.code, error.field) == (422, "invalid_input", "name")
    assert [each["field"] for each in error.context["errors"]] == ["name", "lines[1].sku", ""]
    for raised, status in (
        (drf.NotAuthenticated(), 401),
        (drf.PermissionDenied(), 403),
        (drf.NotFound(), 404),
        (drf.MethodNotAllowed("PUT"), 405),
        (drf.NotAcceptable(), 406),
        (drf.UnsupportedMediaType("a/b"), 415),
        (drf.ParseError(), 400),
        (drf.Throttled(3), 429),
    ):
        assert domain_error(raised).status == status


def test_every_code_is_explained_on_the_page_that_problems_link_to(brand, client_for):
    page = client_for(brand).get("/api/docs/problems/")
    assert page.status_code == 200
    text = page.content.decode()
    for problem in all_problems():
        assert f'id="{problem.code}"' in text
        assert str(problem.title)


def test_no_two_kinds_of_problem_share_a_code():
    from core.errors import DomainError

    kinds, todo = [], [DomainError]
    while todo:
        kind = todo.pop()
        kinds.append(kind)
        todo += kind.__subclasses__()
    own = [each for each in kinds if "code" in vars(each)]
    codes = [each.code for each in own]
    assert sorted(set(codes)) == sorted(codes)
