"""The pages that Stripe would show: Checkout, an invoice to be paid, and the clock of the demo."""

import html
from dataclasses import dataclass
from string import Template
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.account import Account
from sandbox.stripe.cards import make_card
from sandbox.stripe.checkout import complete_session, needs_card, quote
from sandbox.stripe.collecting import collect
from sandbox.stripe.connect import link_take, submit
from sandbox.stripe.errors import StripeError
from sandbox.stripe.state import State
from sandbox.stripe.words import CARDS, SHELL, words

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer for a browser."""

    html: str
    status: int = 200
    location: str = ""


def answer(state: State, method: str, path: str, query: str, body: str) -> Page:
    """The page at a path: `/c/pay/<account>/<session>`, `/i/<account>/<invoice>`."""
    parts = path.strip("/").split("/")
    form = dict(parse_qsl(body, keep_blank_values=True))
    with state.lock:
        account = state.accounts.get(parts[-2]) if len(parts) >= 3 else None
        state.dirty = state.dirty or method == "POST"
        if account and parts[0] == "c" and (session := account.find("checkout.session", parts[-1])):
            return _checkout(account, session, form if method == "POST" else None)
        if account and parts[0] == "i" and (invoice := account.find("invoice", parts[-1])):
            return _invoice(account, invoice, form if method == "POST" else None)
        if account and parts[0] == "o" and parts[-1] in account.settings.get("links", {}):
            return _onboarding(account, parts[-1], form if method == "POST" else None)
    text = words("en")
    return Page(_shell("en", text["gone_title"], f"<p>{text['gone']}</p>"), 404)


def _checkout(account: Account, session: Json, form: dict[str, str] | None) -> Page:
    language = "nl" if str(session.get("locale")).startswith("nl") else "en"
    text = words(language)
    if session["status"] != "open":
        return Page(_shell(language, text["gone_title"], f"<p>{text['session_over']}</p>"), 410)
    if form is None:
        return Page(_checkout_page(account, session, language, {}))
    if form.get("press") == "cancel":
        return Page("", 303, session.get("cancel_url") or "/")
    try:
        method = make_card(account, form["card"].replace(" ", "")) if form.get("card") else None
        if form.get("press") == "fail":
            raise StripeError(402, "card_error", text["bank_no"])
        complete_session(
            account,
            session,
            method,
            email=form.get("email", ""),
            shown=form.get("press") == "confirm",
            code=form.get("code", ""),
        )
    except StripeError as error:
        if error.error.get("code") == "authentication_required":
            return Page(_bank_page(language, form))
        return Page(_checkout_page(account, session, language, form, str(error)), 402)
    return Page("", 303, str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"]))


def _checkout_page(account: Account, session: Json, language: str, form: dict[str, str], error: str = "") -> str:
    text = words(language)
    rows, total = "", ""
    if session["mode"] != "setup":
        invoice = quote(account, session)
        rows = "".join(
            f"<tr><td>{html.escape(line['description'])}<td>{_money(line['amount'], line['currency'])}</tr>"
            for line in invoice["lines"]["data"]
        )
        total = f"<p class=total>{text['today']}: <strong>{_money(invoice['total'], invoice['currency'])}</strong></p>"
    card = _card_field(text, form) if needs_card(session) else ""
    code = _field("code", text["code"], form.get("code", "")) if session.get("allow_promotion_codes") else ""
    asked = form.get("email", session.get("customer_email") or "")
    email = "" if session["customer"] else _field("email", text["email"], asked, "type=email required")
    return _shell(
        language,
        text["pay_title"],
        (
            f"{_alert(error)}<table>{rows}</table>{total}<form method=post>{email}{card}{code}"
            f"<button name=press value=pay>{text['save'] if session['mode'] == 'setup' else text['pay']}</button>"
            f"<button name=press value=cancel formnovalidate class=quiet>{text['back']}</button></form>"
        ),
    )


def _card_field(text: dict[str, str], form: dict[str, str]) -> str:
    options = "".join(
        f"<option value='{number}'>{number} · {html.escape(text[name])}</option>" for number, name in CARDS
    )
    field = _field("card", text["card"], form.get("card", "4242424242424242"), "list=cards required inputmode=numeric")
    return f"{field}<datalist id=cards>{options}</datalist><p class=hint>{text['card_hint']}</p>"


def _field(name: str, label: str, value: str, more: str = "") -> str:
    return f"<label>{label}<input name={name} {more} value='{html.escape(value)}'></label>"


def _bank_page(language: str, form: dict[str, str]) -> str:
    text = words(language)
    kept = "".join(
        f"<input type=hidden name='{html.escape(k)}' value='{html.escape(v)}'>" for k, v in form.items() if k != "press"
    )
    return _shell(
        language,
        text["bank_title"],
        (
            f"<p>{text['bank']}</p><form method=post>{kept}<button name=press value=confirm>{text['bank_yes']}</button>"
            f"<button name=press value=fail class=quiet>{text['bank_refuse']}</button></form>"
        ),
    )


def _invoice(account: Account, invoice: Json, form: dict[str, str] | None) -> Page:
    text = words("en")
    error = ""
    if form is not None and invoice["status"] == "open":
        try:
            collect(account, invoice, method=make_card(account, form.get("card", "").replace(" ", "")), shown=True)
        except StripeError as refused:
            error = str(refused)
    rows = "".join(
        f"<tr><td>{html.escape(line['description'])}<td>{_money(line['amount'], line['currency'])}</tr>"
        for line in invoice["lines"]["data"]
    )
    pay = (
        f"<form method=post>{_card_field(text, form or {})}<button>{text['pay']}</button></form>"
        if invoice["status"] == "open"
        else ""
    )
    due = _money(invoice["amount_remaining"], invoice["currency"])
    total = f"<p class=total>{text['due']}: <strong>{due}</strong> · {text['state_' + invoice['status']]}</p>"
    body = f"{_alert(error)}<table>{rows}</table>{total}{pay}"
    return Page(_shell("en", f"{text['invoice']} {invoice['number']}", body), 402 if error else 200)


def _onboarding(account: Account, token: str, form: dict[str, str] | None) -> Page:
    """Who the account is of: said here, later, or with another link."""
    text, link = words("en"), link_take(account, token)
    if link is None:
        return Page("", 303, account.settings["links"][token]["refresh_url"])
    if form is None:
        name = _field("name", text["trade"], account.settings.get("name") or "", "required")
        body = (
            f"<p>{text['onboard']}</p><form method=post>{name}"
            f"<button name=press value=done>{text['onboard_done']}</button>"
            f"<button name=press value=later formnovalidate class=quiet>{text['onboard_later']}</button></form>"
        )
        return Page(_shell("en", text["onboard_title"], body))
    link["used"] = True
    if form.get("press") == "done":
        submit(account, form.get("name", "").strip())
    return Page("", 303, link["return_url"])


def _alert(error: str) -> str:
    return f"<p role=alert>{html.escape(error)}</p>" if error else ""


def _money(amount: int, currency: str) -> str:
    shown = f"{amount:,}" if currency == "jpy" else f"{amount / 100:,.2f}"
    return f"{currency.upper()} {shown}"


def _shell(language: str, title: str, body: str) -> str:
    return Template(SHELL).substitute(
        language=language, title=html.escape(title), body=body, note=words(language)["note"]
    )
