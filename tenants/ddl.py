"""The script that makes a brand's schema, read from the template's catalogue.

Replaying a hundred migrations takes seconds; running the DDL they amount to takes a fraction of one. The script names
no schema: it is read with the template alone on the search path, and run with the new schema alone on it, so what is
written unqualified belongs to the brand and everything else is qualified. What it can't copy it refuses loudly.
Works on PostgreSQL 15 to 18.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from core.database import OwnerConnection, identifier, literal

# Rows a new schema starts with: which migrations it stands at, and what the role matrix hangs on.
SEED_TABLES = ("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions")

UNSUPPORTED = """
    SELECT 'partitioned or foreign table or materialized view ' || relname FROM pg_class
     WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('p', 'f', 'm')
    UNION ALL
    SELECT 'row security on ' || relname FROM pg_class
     WHERE relnamespace = %(schema)s::regnamespace AND relrowsecurity
    UNION ALL
    SELECT 'trigger ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
    UNION ALL
    SELECT 'inheritance of ' || c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE c.relnamespace = %(schema)s::regnamespace
    UNION ALL
    SELECT 'type ' || typname FROM pg_type
     WHERE typnamespace = %(schema)s::regnamespace AND typtype IN ('e', 'd', 'r', 'm')
    UNION ALL
    SELECT 'aggregate or window function ' || proname FROM pg_proc
     WHERE pronamespace = %(schema)s::regnamespace AND prokind NOT IN ('f', 'p')
"""

# Sequences of their own and those of serial columns; identity columns bring theirs inline.
SEQUENCES = """
    SELECT c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
           s.seqcycle, owner.relname, a.attname
      FROM pg_class c
      JOIN pg_sequence s ON s.seqrelid = c.oid
      LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                           AND d.refclassid = 'pg_class'::regclass
      LEFT JOIN pg_class owner ON owner.oid = d.refobjid
      LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'S' AND coalesce(d.deptype, 'a') <> 'i'
     ORDER BY c.oid
"""

TABLES = """
    SELECT c.oid::bigint, c.relname, c.relpersistence = 'u',
           (SELECT string_agg(option, ', ')
              FROM (SELECT unnest(c.reloptions) UNION ALL SELECT 'toast.' || unnest(t.reloptions)) AS o(option))
      FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
     WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
     ORDER BY c.oid
"""

COLUMNS = """
    SELECT a.attrelid::bigint, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attcollation <> t.typcollation
                THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END,
           a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
           CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
           s.relname, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      LEFT JOIN pg_collation co ON co.oid = a.attcollation
      LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
      LEFT JOIN pg_depend dep ON a.attidentity <> '' AND dep.classid = 'pg_class'::regclass AND dep.deptype = 'i'
                             AND dep.refobjid = c.oid AND dep.refobjsubid = a.attnum
      LEFT JOIN pg_class s ON s.oid = dep.objid AND s.relkind = 'S'
      LEFT JOIN pg_sequence q ON q.seqrelid = s.oid
     WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
     ORDER BY c.oid, a.attnum
"""

# PostgreSQL 18 also lists NOT NULL here (contype n); the columns bring it.
CONSTRAINTS = """
    SELECT conrelid::bigint, quote_ident(conname), contype, pg_get_constraintdef(oid)
      FROM pg_constraint
     WHERE connamespace = %(schema)s::regnamespace AND conrelid <> 0 AND contype IN ('p', 'u', 'x', 'c', 'f')
     ORDER BY conrelid, contype = 'p' DESC, conname
"""

INDEXES = """
    SELECT pg_get_indexdef(i.indexrelid, 0, true)
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = %(schema)s::regnamespace AND i.indisvalid
       AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
     ORDER BY i.indrelid, c.relname
"""

FUNCTIONS = """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p
     WHERE p.pronamespace = %(schema)s::regnamespace ORDER BY p.oid
"""

VIEWS = """
    SELECT quote_ident(relname), pg_get_viewdef(oid) FROM pg_class
     WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'v' ORDER BY oid
"""

STATE = """
    SELECT current_database(), (SELECT system_identifier FROM pg_control_system()),
           (SELECT count(*) || '/' || max(id) || '/' || max(applied) FROM {schema}.django_migrations),
           (SELECT max(oid::bigint) FROM pg_class WHERE relnamespace = %(schema)s::regnamespace)
"""

STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}


class UncopyableSchema(RuntimeError):
    """The template holds something this script can't make again, so no brand may be made from it."""


@dataclass(frozen=True)
class Column:
    """One row of COLUMNS."""

    name: str
    type: str
    collation: str | None
    not_null: bool
    default: str | None
    identity: str
    generated: str
    storage: str | None
    sequence: tuple[Any, ...]

    def as_sql(self, table: str) -> str:
        parts = [self.name, self.type]
        if self.collation:
            parts.append(f"COLLATE {self.collation}")
        if self.identity:
            kind = "ALWAYS" if self.identity == "a" else "BY DEFAULT"
            parts.append(f"GENERATED {kind} AS IDENTITY{_identity_options(table, self)}")
        elif self.generated:
            parts.append(f"GENERATED ALWAYS AS ({self.default}) {'STORED' if self.generated == 's' else 'VIRTUAL'}")
        elif self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        if self.not_null:
            parts.append("NOT NULL")
        return " ".join(parts)


def _identity_options(table: str, column: Column) -> str:
    """Options of an identity's sequence where they aren't the defaults (a renamed table keeps its sequence's name)."""
    name, start, step, low, high, cache, cycle = column.sequence
    options = []
    if name != f"{table}_{column.name}_seq":
        options.append(f"SEQUENCE NAME {identifier(name)}")
    top = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}[column.type]
    if (start, step, low, high, cache, cycle) != (1, 1, 1, top, 1, False):
        options.append(_sequence_options(start, step, low, high, cache, cycle))
    return f" ({' '.join(options)})" if options else ""


def _sequence_options(start: int, step: int, low: int, high: int, cache: int, cycle: bool) -> str:
    ending = "CYCLE" if cycle else "NO CYCLE"
    return f"START {start} INCREMENT {step} MINVALUE {low} MAXVALUE {high} CACHE {cache} {ending}"


class TemplateReader:
    """Reads one schema's catalogue and writes it as statements. Use inside a transaction."""

    def __init__(self, connection: OwnerConnection, schema: str) -> None:
        self.connection = connection
        self.schema = schema

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode(), {"schema": identifier(self.schema)}).fetchall()

    def statements(self) -> list[str]:
        """Everything in the schema, in an order in which it can be made."""
        self.connection.execute(f"SET LOCAL search_path = {identifier(self.schema)}".encode())
        odd = [row[0] for row in self.rows(UNSUPPORTED)]
        if odd:
            raise UncopyableSchema(f"{self.schema}: {', '.join(odd)}")
        made, owned = self._sequences()
        tables, foreign_keys = self._tables()
        indexes = [row[0] for row in self.rows(INDEXES)]
        views = [f"CREATE VIEW {name} AS {body.rstrip(';')}" for name, body in self.rows(VIEWS)]
        script = [*made, *tables, *owned, *indexes, *foreign_keys, *self._functions(), *views]
        for statement in script:
            if self.schema in statement:
                raise UncopyableSchema(f"{self.schema} is named inside: {statement[:200]}")
        return script

    def _sequences(self) -> tuple[list[str], list[str]]:
        made, owned = [], []
        for name, kind, start, step, low, high, cache, cycle, table, column in self.rows(SEQUENCES):
            options = _sequence_options(start, step, low, high, cache, cycle)
            made.append(f"CREATE SEQUENCE {identifier(name)} AS {kind} {options}")
            if table:
                owned.append(f"ALTER SEQUENCE {identifier(name)} OWNED BY {identifier(table)}.{identifier(column)}")
        return made, owned

    def _tables(self) -> tuple[list[str], list[str]]:
        columns: dict[int, list[Column]] = defaultdict(list)
        for oid, name, kind, collation, not_null, default, identity, generated, storage, *sequence in self.rows(
            COLUMNS
        ):
            columns[oid].append(
                Column(name, kind, collation, not_null, default, identity, generated, storage, tuple(sequence))
            )
        inline: dict[int, list[str]] = defaultdict(list)
        foreign: dict[int, list[str]] = defaultdict(list)
        for oid, name, kind, definition in self.rows(CONSTRAINTS):
            (foreign if kind == "f" else inline)[oid].append(f"CONSTRAINT {name} {definition}")
        tables, foreign_keys = [], []
        for oid, name, unlogged, options in self.rows(TABLES):
            lines = [*(column.as_sql(name) for column in columns[oid]), *inline[oid]]
            storage = f" WITH ({options})" if options else ""
            kind = "UNLOGGED TABLE" if unlogged else "TABLE"
            tables.append(f"CREATE {kind} {identifier(name)} (\n  " + ",\n  ".join(lines) + f"\n){storage}")
            # Not inside CREATE TABLE: PostgreSQL 15 can't.
            tables.extend(
                f"ALTER TABLE {identifier(name)} ALTER {column.name} SET STORAGE {STORAGE[column.storage]}"
                for column in columns[oid]
                if column.storage
            )
            if foreign[oid]:
                foreign_keys.append(f"ALTER TABLE {identifier(name)} ADD " + ", ADD ".join(foreign[oid]))
        return tables, foreign_keys

    def _functions(self) -> list[str]:
        # pg_get_functiondef qualifies the function's own name, and only that, whatever the search path.
        functions = []
        for (definition,) in self.rows(FUNCTIONS):
            for word in ("FUNCTION", "PROCEDURE"):
                head = f"CREATE OR REPLACE {word} {self.schema}."
                if definition.startswith(head):
                    definition = f"CREATE {word} {definition.removeprefix(head)}"
            functions.append(definition.rstrip())
        return functions


_cache: dict[str, tuple[tuple[Any, ...], str]] = {}


def template_state(connection: OwnerConnection, template: str) -> tuple[Any, ...]:
    """What changes when the template's schema changes."""
    query = STATE.format(schema=identifier(template))
    row = connection.execute(query.encode(), {"schema": identifier(template)}).fetchone()
    assert row is not None
    return row


def schema_script(connection: OwnerConnection, template: str) -> str:
    """The statements that make the template's tables and functions, without its name. Read once per template state.

    Must run inside a transaction: it narrows the search path for as long as that lasts.
    """
    state = template_state(connection, template)
    cached = _cache.get(template)
    if cached is None or cached[0] != state:
        script = ";\n".join(TemplateReader(connection, template).statements())
        cached = _cache[template] = (state, script)
    return cached[1]


def schema_create_script(connection: OwnerConnection, *, template: str, schema: str) -> str:
    """Everything for one new schema: tables, functions, seed rows. Grants come from tenants.grants."""
    body = schema_script(connection, template)
    head = [
        f"CREATE SCHEMA {identifier(schema)}",
        f"SET LOCAL search_path = {identifier(schema)}",
        "SET LOCAL check_function_bodies = off",
    ]
    return ";\n".join([*head, body, *seed_statements(connection, template=template)])


def seed_statements(connection: OwnerConnection, *, template: str) -> list[str]:
    """Copy the seed tables' rows, ids included, into the schema on the search path, and move their sequences on."""
    statements = []
    rows = connection.execute(
        "SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),"
        "       bool_or(a.attname = 'id' AND a.attidentity <> '')"
        "  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relnamespace = %s::regnamespace AND c.relname = ANY(%s) GROUP BY c.relname",
        [identifier(template), list(SEED_TABLES)],
    ).fetchall()
    present = {str(name): (columns, has_identity) for name, columns, has_identity in rows}
    for table in (name for name in SEED_TABLES if name in present):
        columns, has_identity = present[table]
        source = f"{identifier(template)}.{identifier(table)}"
        statements.append(
            f"INSERT INTO {identifier(table)} ({columns}) SELECT {columns} FROM {source} ORDER BY 1"  # noqa: S608 - quoted
        )
        if has_identity:
            sequence = f"pg_get_serial_sequence({literal(table)}, 'id')"
            last = "coalesce(max(id), 1), max(id) IS NOT NULL"
            statements.append(f"SELECT setval({sequence}, {last}) FROM {identifier(table)}")  # noqa: S608 - quoted
    return statements
