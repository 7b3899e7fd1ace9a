"""A dry run over REST: the answer of a real one, in words, and nothing behind it."""

from __future__ import annotations

from core.api.limits import forget_all
from loyalty.definition.read import document_decode
from loyalty.drafts import draft_replace
from loyalty.models import Event, PointsEntry
from tests.api.cast import Api, key_made, refused
from tests.loyalty import shop


def test_a_dry_run_tells_points_tiers_and_the_trace_in_words_and_books_nothing(api, anna):
    order = shop.order(anna, "25.50", "INV-1")
    told = api.post("events/simulate", {"event": order})
    assert told.status_code == 200, told.content
    body = told.json()
    assert (body["awards"][0]["points"], body["balances"][0]["balance"], body["version"]) == (25, 25, 1)
    first = body["trace"][0]
    assert (first["rule"], first["outcome"], first["told"]) == ("per_euro", "fired", "gave 25 points")
    assert not Event.objects.filter(external_id="INV-1").exists()
    assert not PointsEntry.objects.exists()
    real = api.post("events", order).json()
    assert {name: body[name] for name in ("awards", "balances", "tiers")} == {
        name: real[name] for name in ("awards", "balances", "tiers")
    }
    again = api.post("events/simulate", {"event": order}).json()
    assert again["repeated"] is True


def test_the_draft_and_an_older_version_can_be_asked(api, club, anna):
    rule = {**shop.DOCUMENT["rules"][0], "effects": [{"kind": "points_fixed", "currency": "points", "points": 7}]}
    club.refresh_from_db()
    draft_replace(
        program=club,
        document=document_decode({**shop.DOCUMENT, "rules": [rule]}),
        expected_revision=club.draft_revision,
        actor=shop.STAFF,
    )
    order = shop.order(anna, 10)
    drafted = api.post("events/simulate", {"event": order, "draft": True}).json()
    assert (drafted["awards"][0]["points"], drafted["version"]) == (7, None)
    assert api.post("events/simulate", {"event": order, "version": 1}).json()["awards"][0]["points"] == 10


def test_what_a_real_run_refuses_a_dry_run_refuses_alike(api, anna):
    order = shop.order(anna, 10)
    refused(api.post("events/simulate", {"event": {**order, "data": {}}}), 422, "invalid_input", "data")
    refused(
        api.post("events/simulate", {"event": {**order, "member": {"external_id": "nobody"}}}),
        422,
        "unknown_member",
        "member",
    )
    refused(api.post("events/simulate", {"event": order, "version": 99}), 404, "not_found", "version")
    refused(api.post("events/simulate", {"event": order, "version": 1, "draft": True}), 422, "invalid_input", "version")
    refused(api.post("events/simulate", {"event": 5}), 422, "invalid_input", "event")
    refused(api.post("events/simulate", {}), 422, "invalid_input", "event")
    assert not Event.objects.filter(type="order.paid").exists()


def test_a_key_that_may_only_ask_cannot_send(api, client_for, brand, anna):
    _row, key = key_made(["events:simulate"])
    asking = Api(client_for(brand), key)
    order = shop.order(anna, 10)
    forget_all()
    assert asking.post("events/simulate", {"event": order}).status_code == 200
    refused(asking.post("events", order), 403, "scope_missing")
