"""Bring an empty or existing database to where the platform can start: public tables, template, operator brand."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from core.database import identifier, owner_connection, run_script
from tenants.context import platform_context
from tenants.grants import grants_apply
from tenants.models import Brand, BrandKind, BrandStatus
from tenants.provision import brand_provision


class Command(BaseCommand):
    help = "Migrate the public schema and the template, and create the operator brand. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--operator-email", default="operator@stamgast.example")

    def handle(self, *args: Any, operator_email: str, verbosity: int, **options: Any) -> None:
        self.verbosity = verbosity
        self.started = time.monotonic()
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
        self.say("public tables")
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
        with owner_connection() as owner:
            grants_apply(owner, ["public"])
        self.template()
        self.operator(operator_email)
        self.say("ready")

    def template(self) -> None:
        """The schema that every brand is made from, with a row of its own so that it is migrated like the others."""
        self.say("template schema")
        schema = settings.TEMPLATE_SCHEMA
        with platform_context():
            Brand.objects.get_or_create(
                schema_name=schema,
                defaults={
                    "slug": "template",
                    "name": "Template",
                    "kind": BrandKind.TEMPLATE,
                    "status": BrandStatus.ACTIVE,
                },
            )
        with owner_connection() as owner:
            run_script(owner, f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        call_command("migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=0)

    def operator(self, email: str) -> None:
        with platform_context():
            present = Brand.objects.filter(slug=settings.OPERATOR_SLUG, status=BrandStatus.ACTIVE).exists()
        if present:
            return
        self.say("operator brand")
        brand_provision(
            slug=settings.OPERATOR_SLUG,
            name="Stamgast",
            owner_email=email,
            kind=BrandKind.OPERATOR,
            on_step=lambda step, percent: self.say(f"  {step}") if self.verbosity > 1 else None,
        )

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(f"{time.monotonic() - self.started:6.1f} s  {text}")
