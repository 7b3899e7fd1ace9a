"""What the guests' role may do in a schema. Append-only is a privilege here, not a promise.

A trigger could do it too, but Citus refuses triggers. Where owner and guest are one role nothing is granted or taken:
tenants.checks warns of it, and refuses production.
"""

from __future__ import annotations

from django.apps import apps
from django.conf import settings

from core.bases import AppendOnly
from core.database import OwnerConnection, app_role, identifier, run_script

READ_ONLY_TABLES = ("django_migrations",)


def append_only_tables() -> list[str]:
    """Tables of the models that may only be inserted into."""
    return sorted({model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)})


def kept_tables() -> list[str]:
    """Tables of the models whose rows may be changed, but never deleted."""
    return sorted({model._meta.db_table for model in apps.get_models() if getattr(model, "kept", False)})


def shared_tables() -> list[str]:
    """Tables of the public schema. Their keys are identities, so no sequence has to be granted."""
    shared = {label.rpartition(".")[2] for label in settings.SHARED_APPS}
    models = {model._meta.db_table for model in apps.get_models() if model._meta.app_label in shared}
    return sorted(models | set(READ_ONLY_TABLES))


def grant_statements(schema: str, role: str) -> list[str]:
    """Statements that give `role` its rights in a brand's schema; safe to repeat after every migration."""
    here, guest = identifier(schema), identifier(role)
    statements = [f"GRANT USAGE ON SCHEMA {here} TO {guest}"]
    if schema == "public":
        # By name: others may keep things here (an extension's views) that aren't ours to grant.
        ours = ", ".join(f"{here}.{identifier(table)}" for table in shared_tables())
        statements.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {ours} TO {guest}")
    else:
        statements += [
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {here} TO {guest}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {here} TO {guest}",
            f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {here} TO {guest}",
        ]
        closed = [f"{here}.{identifier(table)}" for table in append_only_tables()]
        if closed:
            statements.append(f"REVOKE UPDATE, DELETE ON {', '.join(closed)} FROM {guest}")
        kept = [f"{here}.{identifier(table)}" for table in kept_tables()]
        if kept:
            statements.append(f"REVOKE DELETE ON {', '.join(kept)} FROM {guest}")
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
