"""Keys: who is let in, and that nothing can be learnt from being refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core.api.auth import key_digest
from core.errors import InvalidInput
from partners.models import ApiKey
from partners.services import api_key_revoke
from tests.api.cast import STAFF, Api, key_made, refused, statements


def test_a_key_is_shown_once_and_only_its_hash_is_kept(brand):
    row, key = key_made()
    assert key.startswith(f"sg_{row.prefix}_")
    secret = key.split("_")[2]
    assert len(secret) * 5.95 >= 190  # log2(62) bits a character
    assert bytes(ApiKey.objects.get().digest) == key_digest(key)
    assert secret not in str(ApiKey.objects.values().get())


def test_a_key_opens_the_index_which_says_what_it_may_do(brand, client_for):
    _row, key = key_made(["events:write", "members:read"])
    answer = Api(client_for(brand), key).get("")
    assert answer.status_code == 200
    assert answer.json()["scopes"] == ["events:write", "members:read"]


def test_without_a_key_there_is_a_challenge_and_no_more(brand, client_for):
    answer = Api(client_for(brand), None).get("members")
    refused(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="Stamgast API"'


def test_unknown_wrong_revoked_expired_and_malformed_keys_get_the_same_answer(brand, client_for):
    row, key = key_made()
    revoked, revoked_key = key_made()
    api_key_revoke(api_key=revoked, actor=STAFF)
    late, late_key = key_made()
    ApiKey.objects.filter(pk=late.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    bodies = set()
    for each in (wrong, revoked_key, late_key, "sg_zzzzzzzzzz_" + "a" * 40, "sg_", "x" * 5000, "sg_ü_ß"):
        answer = Api(client_for(brand), each).get("members", x_request_id="same")
        refused(answer, 401, "unauthenticated")
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]
        bodies.add(answer.content)
    assert len(bodies) == 1
    assert Api(client_for(brand), key).get("members").status_code == 200
    assert row.revoked_at is None


def test_every_refused_key_costs_the_same_statement(brand, client_for):
    revoked, revoked_key = key_made()
    api_key_revoke(api_key=revoked, actor=STAFF)
    for each in (revoked_key, "sg_zzzzzzzzzz_" + "a" * 40, "nonsense"):
        api = Api(client_for(brand), each)
        assert len(statements(partial(api.get, "events"))) == 1


def test_a_revoked_key_is_out_with_its_next_request(brand, client_for):
    row, key = key_made()
    api = Api(client_for(brand), key)
    assert api.get("members").status_code == 200
    api_key_revoke(api_key=row, actor=STAFF)
    refused(api.get("members"), 401, "unauthenticated")


def test_a_key_of_another_brand_is_nobody_here(brand, other_brand, client_for):
    _row, key = key_made()
    refused(Api(client_for(other_brand), key).get("members"), 401, "unauthenticated")


def test_the_day_of_use_is_written_once_a_day(brand, client_for):
    row, key = key_made()
    api = Api(client_for(brand), key)
    api.get("events")
    row.refresh_from_db()
    assert row.last_used_on == datetime.now(UTC).date()
    assert len(statements(lambda: api.get("events"))) == 1  # the key and the page


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at"),
        ({"rate_per_minute": 0}, "rate_per_minute"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["members:erase"]}, "scopes"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(brand, fields, field):
    with pytest.raises(InvalidInput) as refusal:
        key_made(**fields)
    assert refusal.value.field == field
    assert not ApiKey.objects.exists()


def test_a_hot_path_takes_one_message_and_a_key_that_changed_is_seen_with_it(brand, anna, client_for):
    row, key = key_made(["ledger:read"])
    api = Api(client_for(brand), key)
    address = f"members/{anna.public_id}/balances"
    first = api.get(address)
    assert first.status_code == 200
    assert len(statements(lambda: api.get(address))) == 1
    ApiKey.objects.filter(pk=row.pk).update(scopes=["members:read"])
    refused(api.get(address), 403, "scope_missing")
    ApiKey.objects.filter(pk=row.pk).update(scopes=["ledger:read"])
    assert api.get(address).status_code == 200
    ApiKey.objects.filter(pk=row.pk).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    refused(api.get(address), 401, "unauthenticated")
    ApiKey.objects.filter(pk=row.pk).update(expires_at=None)
    assert api.get(address).status_code == 200
    api_key_revoke(api_key=row, actor=STAFF)
    refused(api.get(address), 401, "unauthenticated")


def test_a_revoked_key_learns_nothing_from_a_body_that_is_refused_unread(brand, client_for):
    row, key = key_made(["events:write"])
    api = Api(client_for(brand), key)
    refused(api.post("events", {"id": ""}), 422, "invalid_input")
    api_key_revoke(api_key=row, actor=STAFF)
    refused(api.post("events", {"id": ""}), 401, "unauthenticated")
