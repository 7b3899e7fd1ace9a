"""One request of the API: whose it is, what is wrong with it on purpose, whether it was answered before, and the
answer."""

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from sandbox.stripe import (  # noqa: F401 - each registers its addresses
    accounts,
    cards,
    catalogue,
    changes,
    checkout,
    connect,
    controls,
    coupons,
    customers,
    cycles,
    invoice_routes,
    payment_confirm,
    refunds,
    schedules,
    subscriptions,
)
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.events import VERSION
from sandbox.stripe.faults import take_fault
from sandbox.stripe.forms import read_form
from sandbox.stripe.routing import Route, expanded, match
from sandbox.stripe.shapes import complete, read_params
from sandbox.stripe.state import State
from sandbox.stripe.work import catch_up

Json = dict[str, Any]


@dataclass(slots=True)
class Reply:
    """An answer of HTTP. `hang_up`: the connection is closed instead."""

    status: int
    body: Json
    headers: dict[str, str]
    hang_up: bool = False


def handle(state: State, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Reply:
    """Answer one request to `/v1/…` or `/_admin/…`."""
    try:
        with state.lock:
            platform = state.by_key(_key(headers))
            account = state.acting_for(platform, headers.get("stripe-account"))
            fault = take_fault(account, method, path)
        if fault is not None and (early := _before(fault)):
            return early
        with state.lock:
            reply = (
                _control(state, account, path, body)
                if path.startswith("/_admin/")
                else _answer(account, method, path, query, headers, body)
            )
            state.dirty = state.dirty or method != "GET"
        reply.hang_up = fault is not None and fault["kind"] == "lost_reply"
        return reply
    except StripeError as error:
        return _refused(error)


def _key(headers: dict[str, str]) -> str:
    kind, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _before(fault: Json) -> Reply | None:
    if fault["kind"] == "slow":
        time.sleep(float(fault.get("seconds", 1)))
    if fault["kind"] == "refused":
        return Reply(500, {}, {}, hang_up=True)
    if fault["kind"] == "status":
        status = int(fault["status"])
        kind = "rate_limit_error" if status == 429 else "api_error"
        return _refused(
            StripeError(status, kind, "Wished for by a test.", code="rate_limit" if status == 429 else None)
        )
    return None


def _refused(error: StripeError) -> Reply:
    return Reply(error.status, {"error": error.error}, {"Stripe-Should-Retry": "false"} if error.status == 402 else {})


def _control(state: State, account: Account, path: str, body: bytes) -> Reply:
    name = path.removeprefix("/_admin/")
    found = controls.CONTROLS.get(name)
    if found is None:
        raise invalid(f"There is no control {name}; there are {', '.join(sorted(controls.CONTROLS))}.", status=404)
    try:
        given = json.loads(body or b"{}")
        return Reply(200, found(account, given), {})
    except (KeyError, ValueError, TypeError) as error:
        raise invalid(f"The control {name} can't read this: {error!r}. It says: {found.__doc__}") from error


def _answer(account: Account, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Reply:
    found = match(method, path)
    if found is None:
        raise invalid(
            f"Unrecognized request URL ({method}: {path}). The local Stripe speaks a part of the API only.", status=404
        )
    version = headers.get("stripe-version", VERSION)
    if version != VERSION:
        raise invalid(f"The local Stripe speaks version {VERSION}, not {version}.", code="api_version")
    one, parts = found
    form = read_form(body.decode() if method in ("POST", "DELETE") and body else query)
    key = headers.get("idempotency-key") if method == "POST" else None
    if key:
        return _once(account, key, f"{method} {path}", form, one, parts)
    return _work(account, one, parts, form, key)


def _once(account: Account, key: str, address: str, form: Json, one: Route, parts: dict[str, str]) -> Reply:
    """The first answer again for the same request; refused for another request with the same key."""
    digest = hashlib.sha256(f"{address} {json.dumps(form, sort_keys=True)}".encode()).hexdigest()
    kept = account.idempotency.get(key)
    if kept and kept["digest"] != digest:
        words = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
        raise StripeError(400, "idempotency_error", words)
    if kept:
        return Reply(kept["status"], kept["body"], {"Idempotent-Replayed": "true"})
    try:
        reply = _work(account, one, parts, form, key)
    except StripeError as error:
        if error.status not in (402, 500):
            raise
        reply = _refused(error)
    account.idempotency[key] = {"digest": digest, "status": reply.status, "body": reply.body}
    return reply


def _work(account: Account, one: Route, parts: dict[str, str], form: Json, key: str | None) -> Reply:
    params = read_params(one.operation, form)
    account.request = {"id": account.fresh_id("event").replace("evt_", "req_"), "idempotency_key": key}
    catch_up(account)
    try:
        answer = one.answer(account, params, **parts)
        body = complete(expanded(account, answer, params.get("expand") or []))
        if answer.get("object") == "webhook_endpoint" and "secret" in answer:
            body["secret"] = answer["secret"]
        return Reply(200, body, {"Request-Id": account.request["id"]})
    finally:
        account.request = {"id": None, "idempotency_key": None}
