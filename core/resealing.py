"""Changing the master key while the product runs.

Put the new key in front of MASTER_KEYS and restart: new values are sealed under it, old ones still open. Then
`manage.py secrets_reseal` goes over every place where something sealed lies, after which the old key may go.
"""

from __future__ import annotations

import msgspec
from django.db import connection, transaction
from psycopg import sql

from core.secrets import current_prefix, reseal

BATCH = 500


class SealedPlace(msgspec.Struct, frozen=True):
    """A column that holds sealed values. key: the member of a JSON column; None for a text column."""

    table: str
    column: str
    purpose: str
    key: str | None = None

    def value(self) -> sql.Composable:
        column = sql.Identifier(self.column)
        return column if self.key is None else sql.SQL("({} ->> {})").format(column, sql.Literal(self.key))

    def changed(self) -> sql.Composable:
        if self.key is None:
            return sql.SQL("%s")
        path = sql.Literal([self.key])
        return sql.SQL("jsonb_set({}, {}, to_jsonb(%s::text))").format(sql.Identifier(self.column), path)


_places: list[SealedPlace] = []


def sealed_place(table: str, column: str, purpose: str, key: str | None = None) -> None:
    """Called in ready() by the room that owns the column."""
    place = SealedPlace(table, column, purpose, key)
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
        "SELECT id, {value} FROM {table} WHERE id > %s AND {value} IS NOT NULL AND NOT starts_with({value}, %s)"
        " ORDER BY id LIMIT %s"
    ).format(value=value, table=table)
    update = sql.SQL("UPDATE {table} SET {column} = {changed} WHERE id = %s AND {value} = %s").format(
        table=table, column=sql.Identifier(place.column), changed=place.changed(), value=value
    )
    last, done = 0, 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(select, [last, current_prefix(), BATCH])
            rows = cursor.fetchall()
            for pk, sealed in rows:
                cursor.execute(update, [reseal(sealed, purpose=place.purpose), pk, sealed])
                done += cursor.rowcount
        if len(rows) < BATCH:
            return done
        last = rows[-1][0]
