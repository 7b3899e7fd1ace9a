"""Accounts at suppliers: made, changed, tried, given a new key, paused. A key goes in and never comes out again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor, system
from core.audit import audit_record
from core.egress import address_check
from core.errors import InvalidInput
from core.outbox import outbox_add
from core.secrets import seal, unseal
from loyalty.selectors import document_now
from rewards.suppliers.errors import SecretNeeded, SupplierRefused
from rewards.suppliers.models import SupplierConnection
from rewards.suppliers.offering import offers_follow, products_fit
from rewards.suppliers.protocol import Access, Balance, Supplier, SupplierError
from rewards.suppliers.registry import kinds
from rewards.suppliers.words import problem_words

KEY_PURPOSE, HOOK_PURPOSE = "supplier_key", "supplier_hook"
FIELDS = (
    "program", "code", "name", "supplier", "base_url", "currency", "rates", "rounding", "round_to", "countries",
    "low_balance_minor",
)  # fmt: skip
FIXED = ("program", "code", "supplier")
MOST_ROUND_TO, LONGEST_SECRET = 100_000, 500
Pause = SupplierConnection.Pause
WATCH = system("suppliers")


def connection_save(
    *, connection: SupplierConnection | None, fields: Mapping[str, Any], actor: Actor, secret: str = ""
) -> SupplierConnection:
    """Make or change an account; what isn't given stays. A new one, and a new address, need the key with them.

    It sells nothing before connection_verify has tried it. InvalidInput, AddressRefused, SecretNeeded.
    """
    with transaction.atomic():
        row = _locked(connection) if connection is not None else SupplierConnection()
        given = {name: fields[name] for name in FIELDS if name in fields and (connection is None or name not in FIXED)}
        changes = {
            name: [str(getattr(row, name)) if connection is not None and name != "program" else None, str(value)]
            for name, value in given.items()
            if connection is None or getattr(row, name) != value
        }
        moved = connection is not None and _house(row.base_url) != _house(given.get("base_url", row.base_url))
        for name, value in given.items():
            setattr(row, name, value)
        _check(row)
        if (connection is None or moved) and not secret:
            raise SecretNeeded(field="secret")
        if secret:
            _secret_put(row, secret)
            row.verified_at = None
        if connection is None:
            row.sealed_hook_secret = seal(secrets.token_urlsafe(32), purpose=HOOK_PURPOSE)
        row.save()
        audit_record(
            actor=actor.name,
            action="supplier.change" if connection is not None else "supplier.add",
            object_type="supplierconnection",
            object_id=row.pk,
            changes={**changes, **({"key": "new"} if secret else {})},
        )
        if connection is not None:
            products_fit(row)
            offers_follow(connection=row, actor=actor)
    return row


def _locked(connection: SupplierConnection) -> SupplierConnection:
    return SupplierConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)


def _house(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _secret_put(row: SupplierConnection, secret: str) -> None:
    secret = secret.strip()
    if not 8 <= len(secret) <= LONGEST_SECRET or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise InvalidInput(_("A key is 8 to 500 letters, digits and signs."), field="secret")
    row.sealed_secret, row.secret_last4 = seal(secret, purpose=KEY_PURPOSE), secret[-4:]


def _check(row: SupplierConnection) -> None:
    if row.supplier not in kinds():
        raise InvalidInput(_("There is no such supplier."), field="supplier")
    address_check(row.base_url, field="base_url")
    if urlsplit(row.base_url).query:
        raise InvalidInput(_("Leave out what comes after the question mark."), field="base_url")
    if row.currency not in {each.code for each in document_now(row.program_id).currencies if each.kind != "qualifying"}:
        raise InvalidInput(_("The program has no such point currency to pay with."), field="currency")
    if not 1 <= row.round_to <= MOST_ROUND_TO:
        raise InvalidInput(_("Round to a multiple from 1 to 100,000."), field="round_to")
    if row.low_balance_minor < 0:
        raise InvalidInput(_("Give 0 or more."), field="low_balance_minor")
    row.rates = rates_read(row.rates)
    row.countries = countries_read(row.countries)


def rates_read(rates: Any) -> dict[str, str]:
    """Currency → a decimal above 0 as text. InvalidInput names the first that isn't one."""
    if not isinstance(rates, dict) or not rates:
        raise InvalidInput(_("Give at least one rate."), field="rates")
    read = {}
    for currency, rate in rates.items():
        if re.fullmatch(r"[A-Z]{3}", str(currency)) is None:
            raise InvalidInput(_("“%(currency)s” is no currency.") % {"currency": str(currency)[:20]}, field="rates")
        try:
            number = Decimal(str(rate))
        except InvalidOperation:
            number = Decimal(0)
        if not number.is_finite() or not 0 < number <= 1_000_000 or number.normalize().adjusted() < -8:
            words = _("The rate of %(currency)s is a number above 0.") % {"currency": currency}
            raise InvalidInput(words, field="rates")
        read[str(currency)] = f"{number:f}"
    return dict(sorted(read.items()))


def countries_read(countries: Any) -> list[str]:
    found = sorted(set(countries or ()))
    wrong = next((each for each in found if re.fullmatch(r"[A-Z]{2}", str(each)) is None), None)
    if wrong is not None:
        raise InvalidInput(_("“%(country)s” is no country.") % {"country": str(wrong)[:20]}, field="countries")
    return found


# --- reaching it -----------------------------------------------------------------------------------------------------
def supplier_of(connection: SupplierConnection, *, secret: str | None = None) -> Supplier:
    """The way to the brand's account there. secret: another key than the one that is kept."""
    key = secret if secret is not None else unseal(connection.sealed_secret, purpose=KEY_PURPOSE)
    return kinds()[connection.supplier].connect(Access(connection.base_url, key))


def connection_verify(*, connection: SupplierConnection, actor: Actor) -> SupplierConnection:
    """Ask the supplier for the balance: with an answer the account may sell. SupplierRefused. Not in a transaction."""
    try:
        balance = supplier_of(connection).balance()
    except SupplierError as error:
        SupplierConnection.objects.filter(pk=connection.pk).update(problem=_told(error))
        raise SupplierRefused(problem_words(_told(error))) from error
    return _verified(connection, balance, actor, "supplier.verify", secret="")


def secret_rotate(*, connection: SupplierConnection, secret: str, actor: Actor) -> SupplierConnection:
    """Put a new key in the place of the old one, once the supplier has taken it; else the old one stays.

    SupplierRefused, InvalidInput. Not in a transaction.
    """
    _secret_put(SupplierConnection(), secret)
    try:
        balance = supplier_of(connection, secret=secret.strip()).balance()
    except SupplierError as error:
        raise SupplierRefused(problem_words(_told(error)), field="secret") from error
    return _verified(connection, balance, actor, "supplier.rotate", secret=secret)


def _verified(
    connection: SupplierConnection, balance: Balance, actor: Actor, action: str, *, secret: str
) -> SupplierConnection:
    with transaction.atomic():
        row = _locked(connection)
        if row.base_url != connection.base_url:
            raise SupplierRefused(_("The address was changed meanwhile."))
        if secret:
            _secret_put(row, secret)
        row.verified_at, row.problem = clock.now(), ""
        if row.paused == Pause.KEY_REFUSED:
            row.paused = Pause.NONE
        row.save()
        audit_record(actor=actor.name, action=action, object_type="supplierconnection", object_id=row.pk)
        offers_follow(connection=row, actor=actor)
    balance_note(connection_id=row.pk, balance=balance)
    row.refresh_from_db()
    return row


def _told(error: SupplierError) -> str:
    return f"{error.code}: {error.said}"[:200] if error.said and error.said != error.code else error.code


# --- pausing ---------------------------------------------------------------------------------------------------------
def connection_pause(*, connection: SupplierConnection, paused: bool, actor: Actor) -> SupplierConnection:
    """Stop selling what this supplier delivers, or go on. Orders that are there are finished all the same."""
    with transaction.atomic():
        row = _locked(connection)
        row.paused = Pause.STAFF if paused else Pause.NONE
        row.save(update_fields=["paused"])
        audit_record(
            actor=actor.name,
            action="supplier.pause" if paused else "supplier.resume",
            object_type="supplierconnection",
            object_id=row.pk,
        )
        offers_follow(connection=row, actor=actor)
    return row


def balance_note(*, connection_id: int, balance: Balance) -> None:
    """What is left at the supplier's: below the brand's limit the sale pauses and the team is told; else it goes on."""
    with transaction.atomic():
        row = SupplierConnection.objects.select_for_update(no_key=True).get(pk=connection_id)
        row.balance_minor, row.balance_currency = balance.amount_minor, balance.currency
        row.balance_at = clock.now()
        before = row.paused
        low = balance.amount_minor < row.low_balance_minor or balance.amount_minor <= 0
        if low and not row.paused:
            row.paused = Pause.LOW_BALANCE
            attention(row, "low_balance")
        elif not low and row.paused == Pause.LOW_BALANCE:
            row.paused = Pause.NONE
        row.save(update_fields=["balance_minor", "balance_currency", "balance_at", "paused"])
        if row.paused != before:
            offers_follow(connection=row, actor=WATCH)


def sale_stop(*, connection_id: int, reason: str, problem: str) -> None:
    """Pause because of what the supplier said, unless the sale is paused already; the team is told once."""
    with transaction.atomic():
        row = SupplierConnection.objects.select_for_update(no_key=True).get(pk=connection_id)
        row.problem = problem[:200]
        fresh = not row.paused
        if fresh:
            row.paused = reason
            attention(row, reason)
        row.save(update_fields=["paused", "problem"])
        if fresh:
            offers_follow(connection=row, actor=WATCH)


def attention(connection: SupplierConnection, what: str, **more: Any) -> None:
    """Have the team told, by whoever writes letters. In the caller's transaction."""
    told = {"connection_id": connection.pk, "what": what, **more}
    outbox_add("supplier.attention", told)
