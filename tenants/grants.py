"""What the guests' role may do in a schema. Append-only is a privilege here, not a promise.

A trigger could do it too, but Citus refuses triggers. Where owner and guest are one role nothing is granted or taken:
tenants.checks warns of it, and refuses production.
"""

from __future__ import annotations

from django.apps import apps

from core.bases import AppendOnly
from core.database import OwnerConnection, app_role, identifier, run_script

READ_ONLY_TABLES = ("django_migrations",)


def append_only_tables() -> list[str]:
    """Tables of the models that may only be inserted into."""
    return sorted({model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)})


def grant_statements(schema: str, role: str) -> list[str]:
    """Statements that give `role` its rights in a brand's schema; safe to repeat after every migration."""
    here, guest = identifier(schema), identifier(role)
    statements = [
        f"GRANT USAGE ON SCHEMA {here} TO {guest}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {here} TO {guest}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {here} TO {guest}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {here} TO {guest}",
    ]
    if schema != "public":
        closed = [f"{here}.{identifier(table)}" for table in append_only_tables()]
        if closed:
            statements.append(f"REVOKE UPDATE, DELETE ON {', '.join(closed)} FROM {guest}")
    fixed = ", ".join(f"{here}.{identifier(table)}" for table in READ_ONLY_TABLES)
    statements.append(f"REVOKE INSERT, UPDATE, DELETE ON {fixed} FROM {guest}")
    return statements


def grants_apply(connection: OwnerConnection, schemas: list[str]) -> None:
    """Apply the guests' rights, each schema in its own transaction. Never the template's: guests may not look."""
    role = app_role()
    if role is None:
        return
    for schema in schemas:
        with connection.transaction():
            run_script(connection, ";\n".join(grant_statements(schema, role)))
