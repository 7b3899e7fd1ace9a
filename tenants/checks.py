"""System checks of what would let one brand see another. Django and django-tenants check none of it.

Errors stop every manage.py command, production's start-up among them. The ids are listed in docs/tenancy.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connections
from django.db.models import FileField, Model
from django.urls import URLPattern, URLResolver, get_resolver
from django_tenants.files.storage import TenantFileSystemStorage

from core.database import role_of
from tenants.grants import append_only_tables, kept_tables

MIN_DJANGO_TENANTS = (4, 0, 1)
# Both schemas need it; each has its own ids, which tenants.guards keeps apart.
IN_BOTH = {"django.contrib.contenttypes"}
AppConfigs = Sequence[AppConfig] | None


@register(Tags.models)
def table_in_one_place(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """A table in both places is found in public, without a word, when a brand's schema is missing."""
    found: list[CheckMessage] = []
    for config in apps.get_app_configs():
        if not any(model._meta.managed for model in config.get_models()) or config.name in IN_BOTH:
            continue
        shared, own = _listed(config, settings.SHARED_APPS), _listed(config, settings.TENANT_APPS)
        if shared and own:
            found.append(Error(f"{config.name} has tables in public and in every brand.", id="tenants.E001"))
        elif not shared and not own:
            found.append(Error(f"{config.name} has models but is in neither app list.", id="tenants.E002"))
    return found


@register(Tags.models)
def no_foreign_key_across(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """A brand must be one dump, one restore, one move: nothing of it points out of its schema, nothing points in."""
    return [
        Error(f"{model._meta.label}.{field.name} crosses between public and a brand's schema.", id="tenants.E003")
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model and _crosses(model, field.related_model)
    ]


@register(Tags.security)
def django_tenants_is_new_enough(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    found = version("django-tenants")
    if tuple(int(part) for part in found.split(".")[:3] if part.isdigit()) >= MIN_DJANGO_TENANTS:
        return []
    hint = "Before 4.0.1 a savepoint's rollback left the connection in another brand's schema (issue #1262)."
    return [Error(f"django-tenants {found} is too old.", hint=hint, id="tenants.E004")]


@register(Tags.security)
def settings_keep_brands_apart(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """Single settings, each of which would mix brands up."""
    traps = (
        ("SHOW_PUBLIC_IF_NO_TENANT_FOUND", False, "an unknown host would get the platform's pages", "E005"),
        ("USE_X_FORWARDED_HOST", False, "a client could name the brand it wants in a header", "E006"),
        ("SESSION_COOKIE_DOMAIN", None, "one brand's log-in would be sent to the others", "E007"),
        ("CSRF_COOKIE_DOMAIN", None, "one brand's form token would hold at the others", "E007"),
        ("LANGUAGE_COOKIE_DOMAIN", None, "cookies belong to one host", "E007"),
        ("ASGI_APPLICATION", None, "asynchronous code loses the brand; this product runs under WSGI only", "E010"),
        ("SESSION_ENGINE", "tenants.sessions", "sessions would not carry their brand's stamp", "E013"),
    )
    found: list[CheckMessage] = [
        Error(f"{name} must be {right!r}: {why}.", id=f"tenants.{code}")
        for name, right, why, code in traps
        if (getattr(settings, name, None) or None) != (right or None)
    ]
    if "core.tenancy.OriginRouter" not in settings.DATABASE_ROUTERS:
        found.append(Error("DATABASE_ROUTERS lacks core.tenancy.OriginRouter.", id="tenants.E015"))
    return found


@register(Tags.caches)
def cache_keys_carry_the_schema(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """Primary key 1 exists at every brand."""
    return [
        Error(f"CACHES[{alias!r}] needs KEY_FUNCTION django_tenants.cache.make_key.", id="tenants.E008")
        for alias, cache in settings.CACHES.items()
        if cache.get("KEY_FUNCTION") != "django_tenants.cache.make_key"
    ]


@register(Tags.models)
def files_lie_in_the_schemas_folder(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """Two brands upload logo.png: in one folder the second overwrites, or reads, the first's."""
    hint = "Give the field django_tenants.files.storage.TenantFileSystemStorage, or a storage with by_schema = True."
    return [
        Error(f"{field} keeps the files of all brands in one place.", hint=hint, id="tenants.E017")
        for model in apps.get_models(include_auto_created=True)
        if not _is_shared(model)
        for field in model._meta.get_fields()
        if isinstance(field, FileField) and not _by_schema(field.storage)
    ]


@register(Tags.security)
def content_types_are_cached_by_schema(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    from tenants.guards import SchemaKeyedCache

    if isinstance(ContentType.objects._cache, SchemaKeyedCache):  # type: ignore[attr-defined]  # Django's own, without types
        return []
    return [Error("Content types are cached for all schemas together.", id="tenants.E014")]


@register(Tags.urls)
def platform_tables_only_on_the_operators_site(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """A brand's superuser may do anything on a brand's admin site, so the platform's tables may not be on it."""
    found: list[CheckMessage] = []
    if list(admin_sites(settings.PUBLIC_SCHEMA_URLCONF)):
        found.append(Error("The platform's host has an admin site, but no log-in to guard it.", id="tenants.E009"))
    for site in admin_sites(settings.ROOT_URLCONF):
        shared = [model for model in site._registry if _is_shared(model)]
        if shared:
            names = ", ".join(model._meta.label for model in shared)
            found.append(Error(f"Brands' admin site {site.name} shows {names} of all brands.", id="tenants.E009"))
    return found


@register(Tags.security)
def middleware_in_order(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """The brand has to be known before anything asks for a session, a user or a row."""
    order = (
        "core.health.HealthMiddleware",
        "tenants.middleware.BrandMiddleware",
        "tenants.middleware.BrandSessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    )
    places = [settings.MIDDLEWARE.index(name) if name in settings.MIDDLEWARE else -1 for name in order]
    if -1 not in places and places == sorted(places):
        return []
    return [Error("MIDDLEWARE must hold, in this order: " + ", ".join(order) + ".", id="tenants.E012")]


@register(Tags.security)
def owner_and_guest_are_two_roles(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """With one role the ledger is append-only by good will. Fine on one's own machine, not in production."""
    guest, owner = role_of(settings.DATABASE_URL), role_of(settings.DATABASE_OWNER_URL)
    if not settings.DATABASE_URL or not settings.DATABASE_OWNER_URL or guest != owner:
        return []
    words = f"DATABASE_URL and DATABASE_OWNER_URL log in as the same role ({guest})."
    hint = "Give web and workers a role of their own; see docs/deployment.md."
    if settings.SANDBOX:
        return [CheckWarning(words, hint=hint, id="tenants.W011")]
    return [Error(words, hint=hint, id="tenants.E011")]


@register(Tags.database)
def guests_may_not_edit_the_ledger(app_configs: AppConfigs, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Asks the database itself, with `check --database default`: may this process' role change append-only rows, or
    delete those that are kept for ever?"""
    if not databases or "default" not in databases or settings.DB_ROLE == "owner":
        return []
    query = """
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname LIKE 'b\\_%%' AND c.relkind = 'r'
           AND (c.relname = ANY(%s) AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
                OR c.relname = ANY(%s) AND has_table_privilege(c.oid, 'DELETE, TRUNCATE')) ORDER BY 1 LIMIT 5
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(query, [append_only_tables(), kept_tables()])
        open_tables = [name for (name,) in cursor.fetchall()]
    if not open_tables:
        return []
    words = f"This role may change rows of append-only tables, or delete rows that are kept: {', '.join(open_tables)}."
    kind, code = (CheckWarning, "W016") if settings.SANDBOX else (Error, "E016")
    return [kind(words, hint="Run brands_migrate --grants as the owner.", id=f"tenants.{code}")]


def admin_sites(urlconf: str) -> Iterator[AdminSite]:
    """The admin sites that a URLconf leads to."""
    seen: set[int] = set()
    for pattern in _patterns(get_resolver(urlconf)):
        site = getattr(pattern.callback, "admin_site", None)
        if site is not None and id(site) not in seen:
            seen.add(id(site))
            yield site


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern)
        else:
            yield pattern


def _listed(config: AppConfig, names: Sequence[str]) -> bool:
    return config.name in names or f"{config.__module__}.{type(config).__name__}" in names


def _is_shared(model: type[Model]) -> bool:
    config = apps.get_app_config(model._meta.app_label)
    return _listed(config, settings.SHARED_APPS) and config.name not in IN_BOTH


def _by_schema(storage: Any) -> bool:
    return isinstance(storage, TenantFileSystemStorage) or bool(getattr(storage, "by_schema", False))


def _crosses(model: type[Model], related: Any) -> bool:
    if not isinstance(related, type) or not issubclass(related, Model):
        return False
    names = {apps.get_app_config(one._meta.app_label).name for one in (model, related)}
    return not names & IN_BOTH and _is_shared(model) != _is_shared(related)
