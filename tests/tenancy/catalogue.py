"""What a schema consists of, as PostgreSQL's catalogue tells it, without its name: for comparing two of them."""

from __future__ import annotations

import re
from typing import Any

from core.database import OwnerConnection, identifier

PARTS = {
    "columns": """
        SELECT c.relname, a.attname, a.attnum > 0, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               a.attgenerated, a.attstorage, a.attcompression, a.attcollation::regcollation::text,
               pg_get_expr(d.adbin, d.adrelid),
               row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'v')
    """,
    "tables": """
        SELECT c.relname, c.relkind, c.relpersistence, c.reloptions::text, c.relrowsecurity, c.relreplident,
               obj_description(c.oid, 'pg_class'), pg_get_userbyid(c.relowner)
          FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'v', 'S')
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,
               pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace AND contype <> 'n'
    """,
    "indexes": """
        SELECT c.relname, i.indisunique, i.indisprimary, i.indisvalid, c.reloptions::text,
               pg_get_indexdef(i.indexrelid, 0, true)
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = %(schema)s::regnamespace
    """,
    "sequences": """
        SELECT c.relname, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
               s.seqcycle, d.deptype, d.refobjid::regclass::text, d.refobjsubid > 0
          FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
          LEFT JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
         WHERE c.relnamespace = %(schema)s::regnamespace
    """,
    "functions": """
        SELECT p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), p.prosrc, p.prokind,
               p.provolatile, p.proisstrict, p.prosecdef, p.proleakproof, p.proparallel, p.proconfig::text, l.lanname,
               p.procost, p.prorows
          FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = %(schema)s::regnamespace
    """,
    "triggers": """
        SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
    """,
}


# `x IN ('a', 'b')` on a varchar is shown with its casts in another place once it has been read back. pg_dump's copies
# differ in the same way; the meaning doesn't.
CASTS = re.compile(r"::(character varying|text)(\[\])?|[()]")


def catalogue(owner: OwnerConnection, schema: str) -> dict[str, list[tuple[Any, ...]]]:
    """Each part as sorted rows. Read with the schema alone on the search path, so that its name shows nowhere."""
    with owner.transaction():
        owner.execute(f"SET LOCAL search_path = {identifier(schema)}".encode())
        return {
            part: sorted(_settled(owner.execute(query.encode(), {"schema": identifier(schema)}).fetchall()), key=repr)
            for part, query in PARTS.items()
        }


def _settled(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with the expression in their last column freed of casts and brackets."""
    return [(*row[:-1], CASTS.sub("", row[-1]) if isinstance(row[-1], str) else row[-1]) for row in rows]


def row_counts(owner: OwnerConnection, schema: str) -> dict[str, int]:
    """How many rows each table has."""
    tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema]).fetchall()
    counts = {}
    for (table,) in tables:
        row = owner.execute(f"SELECT count(*) FROM {identifier(schema)}.{identifier(str(table))}".encode()).fetchone()
        assert row is not None
        counts[str(table)] = int(str(row[0]))
    return counts


def grants(owner: OwnerConnection, schema: str, role: str) -> dict[str, str]:
    """The rights of a role on each table, as letters: s i u d t."""
    rows = owner.execute(
        "SELECT c.relname, concat(CASE WHEN has_table_privilege(%(role)s, c.oid, 'SELECT') THEN 's' END,"
        " CASE WHEN has_table_privilege(%(role)s, c.oid, 'INSERT') THEN 'i' END,"
        " CASE WHEN has_table_privilege(%(role)s, c.oid, 'UPDATE') THEN 'u' END,"
        " CASE WHEN has_table_privilege(%(role)s, c.oid, 'DELETE') THEN 'd' END,"
        " CASE WHEN has_table_privilege(%(role)s, c.oid, 'TRUNCATE') THEN 't' END)"
        " FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'",
        {"role": role, "schema": identifier(schema)},
    ).fetchall()
    return {str(table): str(rights) for table, rights in rows}
