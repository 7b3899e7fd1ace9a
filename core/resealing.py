"""Changing the master key while the product runs.

Put the new key in front of MASTER_KEYS and restart: new values are sealed under it, old ones still open. Then
`manage.py secrets_reseal` goes over every place where something sealed lies, after which the old key may go.

A keyed hash beside a sealed value (see SealedPlace.lookup) is made anew from what the value unseals to. Until the old
keys are gone both hashes may be there, so whoever looks a secret up asks for the hash under each configured key.
"""

from __future__ import annotations

import msgspec
from django.db import connection, transaction
from psycopg import sql

from core.secrets import current_prefix, keyed_hash, reseal, unseal

BATCH = 500


class SealedPlace(msgspec.Struct, frozen=True):
    """A column that holds sealed values. key: the member of a JSON column; None for a text column.

    lookup: the bytea column with the keyed hash of the same secret under the same purpose, where there is one.
    """

    table: str
    column: str
    purpose: str
    key: str | None = None
    lookup: str | None = None

    def value(self) -> sql.Composable:
        column = sql.Identifier(self.column)
        return column if self.key is None else sql.SQL("({} ->> {})").format(column, sql.Literal(self.key))

    def changed(self) -> sql.Composable:
        if self.key is None:
            return sql.SQL("%s")
        path = sql.Literal([self.key])
        return sql.SQL("jsonb_set({}, {}, to_jsonb(%s::text))").format(sql.Identifier(self.column), path)

    def assigned(self) -> sql.Composable:
        """SET's part: the sealed value and, where there is one, its hash. Parameters: see `renewed`."""
        sealed = sql.SQL("{} = {}").format(sql.Identifier(self.column), self.changed())
        if self.lookup is None:
            return sealed
        # A twin of the secret may have come in under the current key before every process knew the old one was going.
        # Its hash is there then, and guards for both.
        return sql.SQL(
            "{sealed}, {lookup} = CASE WHEN EXISTS (SELECT 1 FROM {table} twin WHERE twin.{lookup} = %s)"
            " THEN {table}.{lookup} ELSE %s END"
        ).format(sealed=sealed, lookup=sql.Identifier(self.lookup), table=sql.Identifier(self.table))

    def renewed(self, sealed: str) -> list[str | bytes]:
        """The parameters of `assigned`, under the current key."""
        fresh = reseal(sealed, purpose=self.purpose)
        if self.lookup is None:
            return [fresh]
        lookup = keyed_hash(unseal(fresh, purpose=self.purpose), purpose=self.purpose)
        return [fresh, lookup, lookup]


_places: list[SealedPlace] = []


def sealed_place(table: str, column: str, purpose: str, key: str | None = None, *, lookup: str | None = None) -> None:
    """Called in ready() by the room that owns the column."""
    place = SealedPlace(table, column, purpose, key, lookup)
    if place not in _places:
        _places.append(place)


def sealed_places() -> list[SealedPlace]:
    return list(_places)


def place_reseal(place: SealedPlace) -> int:
    """Reseal what the current brand has in one place, in short transactions. Returns how many values changed.

    Safe beside a running product: a value that somebody changed meanwhile is left as they left it.
    """
    table, value = sql.Identifier(place.table), place.value()
    select = sql.SQL(
        "SELECT id, {value} FROM {table} WHERE {after} AND {value} <> '' AND NOT starts_with({value}, %s)"
        " ORDER BY id LIMIT %s"
    )
    update = sql.SQL("UPDATE {table} SET {assigned} WHERE id = %s AND {value} = %s").format(
        table=table, assigned=place.assigned(), value=value
    )
    last, done = None, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            after = sql.SQL("id > {}").format(sql.Literal(last)) if last is not None else sql.SQL("true")
            cursor.execute(select.format(value=value, table=table, after=after), [current_prefix(), BATCH])
            rows = cursor.fetchall()
            for pk, sealed in rows:
                cursor.execute(update, [*place.renewed(sealed), pk, sealed])
                done += cursor.rowcount
        if len(rows) < BATCH:
            return done
        last = rows[-1][0]
