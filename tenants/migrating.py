"""Migrating many brands without asking Django a thousand times.

`migrate_schemas` takes a second per brand to find nothing to do. Here one query reads what every schema has, schemas
that stand at the same place form a group, the group's first is migrated by Django while its statements are written
down, and the others get the same statements (tenants.replay). Only plain DDL can be repeated so; all else falls back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations import operations as op
from django.db.migrations.loader import MigrationLoader

from core.database import OwnerConnection, app_role, identifier, literal
from tenants.grants import grant_statements
from tenants.replay import LOCK_CLASS, Recording

Key = tuple[str, str]
CHUNK = 250

# Their statements depend on the schema's structure only, never on its rows.
PLAIN_OPERATIONS: tuple[type, ...] = (
    op.AddField,
    op.RemoveField,
    op.AlterField,
    op.RenameField,
    op.CreateModel,
    op.DeleteModel,
    op.AddIndex,
    op.RemoveIndex,
    op.RenameIndex,
    op.AddConstraint,
    op.RemoveConstraint,
    op.AlterModelOptions,
    op.AlterModelManagers,
    op.AlterUniqueTogether,
    op.AlterIndexTogether,
    op.AlterOrderWithRespectTo,
    op.RunSQL,
)
# They neither make a table nor a function, so nobody needs new rights after them.
RIGHTLESS_OPERATIONS: tuple[type, ...] = (
    op.AddField,
    op.RemoveField,
    op.AlterField,
    op.RenameField,
    op.DeleteModel,
    op.AddIndex,
    op.RemoveIndex,
    op.RenameIndex,
    op.AddConstraint,
    op.RemoveConstraint,
    op.AlterModelOptions,
    op.AlterModelManagers,
)


@dataclass(frozen=True)
class Group:
    """Schemas that have the same migrations to go, in order."""

    pending: tuple[Key, ...]
    schemas: tuple[str, ...]


def pending_by_group(owner: OwnerConnection, schemas: list[str]) -> list[Group]:
    """Which schemas have what to do, the template's group first. Schemas with nothing to do are not listed."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    plan = full_plan(loader)
    groups: dict[tuple[Key, ...], list[str]] = defaultdict(list)
    for schema, applied in applied_by_schema(owner, schemas).items():
        replaced = {key for migration in loader.replacements.values() for key in migration.replaces}
        # A schema half-way through a squashed history is Django's to sort out: replay is told nothing of it.
        todo = tuple(key for key in plan if key not in applied)
        if todo and applied & replaced:
            groups[(("", schema), *todo)].append(schema)
        elif todo:
            groups[todo].append(schema)
    found = [Group(tuple(key for key in pending if key[0]), tuple(names)) for pending, names in groups.items()]
    return sorted(found, key=lambda group: settings.TEMPLATE_SCHEMA not in group.schemas)


def full_plan(loader: MigrationLoader) -> list[Key]:
    """Every migration on disk, in an order in which they can be applied."""
    seen: dict[Key, None] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        for key in loader.graph.forwards_plan(leaf):
            seen.setdefault(key, None)
    return list(seen)


def applied_by_schema(owner: OwnerConnection, schemas: list[str]) -> dict[str, set[Key]]:
    """What each schema's django_migrations holds, in one query for a few hundred. Schemas without one are left out."""
    present = {
        str(row[0])
        for row in owner.execute(
            "SELECT schemaname FROM pg_tables WHERE tablename = 'django_migrations' AND schemaname = ANY(%s)", [schemas]
        )
    }
    names = [schema for schema in schemas if schema in present]
    applied: dict[str, set[Key]] = {}
    for start in range(0, len(names), CHUNK):
        query = " UNION ALL ".join(
            f"SELECT {literal(schema)}, array_agg(app || '.' || name) FROM {identifier(schema)}.django_migrations"  # noqa: S608 - quoted above
            for schema in names[start : start + CHUNK]
        )
        for schema, keys in owner.execute(query.encode()).fetchall():
            applied[str(schema)] = {tuple(key.split(".", 1)) for key in keys or ()}  # type: ignore[attr-defined]  # a list of texts
    return applied


def is_plain(pending: tuple[Key, ...]) -> bool:
    """Whether what one schema runs for these migrations can be repeated on another."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return all(
        migration.atomic and not migration.replaces and all(_plain(operation) for operation in migration.operations)
        for migration in _migrations(loader, pending)
    )


def _migrations(loader: MigrationLoader, keys: tuple[Key, ...]) -> list[Migration]:
    return [loader.graph.nodes[key] for key in keys]


def _plain(operation: Any) -> bool:
    if isinstance(operation, op.SeparateDatabaseAndState):
        return all(_plain(part) for part in operation.database_operations)
    if isinstance(operation, op.RunSQL):
        return isinstance(operation.sql, str)
    return type(operation) in PLAIN_OPERATIONS


def _needs_rights(pending: tuple[Key, ...]) -> bool:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return any(
        type(operation) not in RIGHTLESS_OPERATIONS
        for migration in _migrations(loader, pending)
        for operation in migration.operations
    )


def migrate_by_django(schema: str) -> None:
    """The slow and general way, for one schema."""
    call_command("migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=0)
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'


def migrate_and_record(schema: str, pending: tuple[Key, ...]) -> Recording:
    """Migrate one schema by Django and return what has to be run to bring others of its group to the same place."""
    with recorded_statements() as statements:
        migrate_by_django(schema)
    afterwards = list(seed_sync_statements())
    role = app_role()
    if role is not None and _needs_rights(pending):
        marker = "schema_to_be_named"
        grants = grant_statements(marker, role)
        afterwards += [statement.replace(identifier(marker), "{schema}") for statement in grants]
    return Recording(pending, tuple(statements), tuple(afterwards))


@contextmanager
def recorded_statements() -> Iterator[list[tuple[str, Any]]]:
    """Everything that schema editors of this connection execute, with its parameters."""
    statements: list[tuple[str, Any]] = []
    original = connection.SchemaEditorClass
    assert original is not None

    class RecordingEditor(original):  # type: ignore[misc,valid-type]  # a class that is found at run time
        def execute(self, sql: Any, params: Any = ()) -> None:
            super().execute(sql, params)
            statements.append((str(sql), tuple(params) if params else None))

    connection.SchemaEditorClass = RecordingEditor
    try:
        yield statements
    finally:
        connection.SchemaEditorClass = original


def seed_sync_statements() -> list[str]:
    """Bring content types, permissions and roles of the schema on the search path up to the template's, by their names.

    Only what is new is added: what a brand took from a role stays taken.
    """
    template = identifier(settings.TEMPLATE_SCHEMA)
    return [statement.replace("TEMPLATE", template) for statement in (NEW_CONTENT_TYPES, NEW_PERMISSIONS, NEW_GROUPS)]


def migration_lock(owner: OwnerConnection, schema: str) -> bool:
    """Whether this session now holds the schema's migration lock (kept until it is released or the session ends)."""
    row = owner.execute("SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))", [LOCK_CLASS, schema]).fetchone()
    return bool(row and row[0])


def migration_unlock(owner: OwnerConnection, schema: str) -> None:
    owner.execute("SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))", [LOCK_CLASS, schema])


NEW_CONTENT_TYPES = """
    INSERT INTO django_content_type (app_label, model)
    SELECT app_label, model FROM TEMPLATE.django_content_type ORDER BY id
    ON CONFLICT (app_label, model) DO NOTHING
"""

NEW_PERMISSIONS = """
    WITH added AS (
        INSERT INTO auth_permission (name, content_type_id, codename)
        SELECT tp.name, c.id, tp.codename
          FROM TEMPLATE.auth_permission tp
          JOIN TEMPLATE.django_content_type tc ON tc.id = tp.content_type_id
          JOIN django_content_type c ON c.app_label = tc.app_label AND c.model = tc.model
         ORDER BY tp.id
        ON CONFLICT (content_type_id, codename) DO NOTHING
        RETURNING id, content_type_id, codename
    )
    INSERT INTO auth_group_permissions (group_id, permission_id)
    SELECT g.id, added.id
      FROM added
      JOIN django_content_type c ON c.id = added.content_type_id
      JOIN TEMPLATE.django_content_type tc ON tc.app_label = c.app_label AND tc.model = c.model
      JOIN TEMPLATE.auth_permission tp ON tp.content_type_id = tc.id AND tp.codename = added.codename
      JOIN TEMPLATE.auth_group_permissions tgp ON tgp.permission_id = tp.id
      JOIN TEMPLATE.auth_group tg ON tg.id = tgp.group_id
      JOIN auth_group g ON g.name = tg.name
"""

NEW_GROUPS = """
    WITH added AS (
        INSERT INTO auth_group (name) SELECT name FROM TEMPLATE.auth_group ORDER BY id
        ON CONFLICT (name) DO NOTHING RETURNING id, name
    )
    INSERT INTO auth_group_permissions (group_id, permission_id)
    SELECT added.id, p.id
      FROM added
      JOIN TEMPLATE.auth_group tg ON tg.name = added.name
      JOIN TEMPLATE.auth_group_permissions tgp ON tgp.group_id = tg.id
      JOIN TEMPLATE.auth_permission tp ON tp.id = tgp.permission_id
      JOIN TEMPLATE.django_content_type tc ON tc.id = tp.content_type_id
      JOIN django_content_type c ON c.app_label = tc.app_label AND c.model = tc.model
      JOIN auth_permission p ON p.content_type_id = c.id AND p.codename = tp.codename
"""
