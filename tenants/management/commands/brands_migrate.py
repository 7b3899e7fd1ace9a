"""Bring every brand to the migrations on disk. Killed and run again, it goes on where it was."""

from __future__ import annotations

import multiprocessing
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from core.database import OwnerConnection, owner_connection, owner_url
from core.failpoint import failpoint
from tenants.context import platform_context
from tenants.grants import grants_apply
from tenants.migrating import (
    Group,
    is_plain,
    migrate_and_record,
    migrate_by_django,
    migration_lock,
    migration_unlock,
    pending_by_group,
)
from tenants.models import Brand, BrandKind
from tenants.replay import Outcome, Recording, replay

BATCH = 10


class Command(BaseCommand):
    help = "Migrate the public schema, the template and all brands. Resumable; parallel with --jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes for plain DDL")
        parser.add_argument("--plan", action="store_true", help="show what would be done and stop")
        parser.add_argument("--grants", action="store_true", help="also apply the guests' rights again everywhere")

    def handle(self, *args: Any, jobs: int, plan: bool, grants: bool, verbosity: int, **options: Any) -> None:
        self.verbosity, self.jobs = verbosity, max(1, jobs)
        self.failures: list[Outcome] = []
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
        with owner_connection() as owner:
            if not plan:
                self.public(owner)
            schemas = self.schemas()
            started = time.monotonic()
            groups = pending_by_group(owner, schemas)
            looked = (time.monotonic() - started) * 1000
            todo = sum(len(group.schemas) for group in groups)
            self.say(f"{len(schemas)} schemas looked at in {looked:.0f} ms, {todo} with something to do")
            for group in groups:
                self.show(group)
                if not plan:
                    self.migrate(owner, group)
            if grants and not plan:
                grants_apply(owner, [schema for schema in schemas if schema not in self.template_schemas])
        if self.failures:
            lines = "\n".join(f"  {outcome.schema}: {outcome.error}" for outcome in self.failures)
            raise CommandError(f"{len(self.failures)} of {todo} schemas are not migrated:\n{lines}\nRun it again.")

    def public(self, owner: OwnerConnection) -> None:
        if pending_by_group(owner, ["public"]):
            self.say("public schema")
            call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
            grants_apply(owner, ["public"])

    def schemas(self) -> list[str]:
        """Every schema, the template's first, so that it leads its group and new brands are made right at once."""
        with platform_context():
            rows = list(Brand.objects.with_schema().order_by("id").values_list("schema_name", "kind"))
        self.template_schemas = [schema for schema, kind in rows if kind == BrandKind.TEMPLATE]
        return self.template_schemas + [schema for schema, kind in rows if kind != BrandKind.TEMPLATE]

    def show(self, group: Group) -> None:
        names = ", ".join(f"{app}.{name}" for app, name in group.pending)
        self.say(f"{len(group.schemas)} schemas: {names[:300]}")

    def migrate(self, owner: OwnerConnection, group: Group) -> None:
        started = time.monotonic()
        if len(group.schemas) > 1 and is_plain(group.pending):
            recording = self.lead(owner, group)
            for done, outcome in enumerate(self.follow(recording, list(group.schemas[1:])), start=2):
                self.note(outcome, done, len(group.schemas))
        else:
            for done, schema in enumerate(group.schemas, start=1):
                self.note(self.one(owner, schema), done, len(group.schemas))
        each = (time.monotonic() - started) * 1000 / len(group.schemas)
        self.say(f"{len(group.schemas)} schemas in {time.monotonic() - started:.2f} s, {each:.1f} ms each")

    def lead(self, owner: OwnerConnection, group: Group) -> Recording:
        """The group's first goes by Django, and is written down."""
        schema = group.schemas[0]
        if not migration_lock(owner, schema):
            raise CommandError(f"{schema} is being migrated by somebody else; run this again when they are done")
        try:
            recording = migrate_and_record(schema, group.pending)
            if schema not in self.template_schemas:
                grants_apply(owner, [schema])
        finally:
            migration_unlock(owner, schema)
        failpoint("brands_migrate.after_lead")
        return recording

    def follow(self, recording: Recording, schemas: list[str]) -> Iterator[Outcome]:
        """The others get its statements, in as many processes as there are jobs."""
        url = owner_url()
        batches = [schemas[start : start + BATCH] for start in range(0, len(schemas), BATCH)]
        if self.jobs == 1 or len(batches) < 2:
            for batch in batches:
                yield from replay(url, recording, batch)
                failpoint("brands_migrate.after_batch")
            return
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.jobs, len(batches)), mp_context=spawn) as pool:
            for future in as_completed([pool.submit(replay, url, recording, batch) for batch in batches]):
                yield from future.result()

    def one(self, owner: OwnerConnection, schema: str) -> Outcome:
        started = time.monotonic()
        if not migration_lock(owner, schema):
            return Outcome(schema, 0.0, "is being migrated by somebody else")
        try:
            migrate_by_django(schema)
            if schema not in self.template_schemas:
                grants_apply(owner, [schema])
        except Exception as error:  # noqa: BLE001 - one brand's trouble must not stop the others; it is reported at the end
            connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants'
            return Outcome(schema, time.monotonic() - started, f"{type(error).__name__}: {error}")
        finally:
            migration_unlock(owner, schema)
        return Outcome(schema, time.monotonic() - started)

    def note(self, outcome: Outcome, done: int, total: int) -> None:
        if outcome.error:
            self.failures.append(outcome)
        self.say(f"[{done}/{total}] {outcome.schema} {outcome.error or f'{outcome.seconds * 1000:.0f} ms'}", level=2)
        if self.verbosity == 1 and total > 1 and done % max(1, total // 20) == 0:
            self.say(f"  {done}/{total}")

    def say(self, text: str, level: int = 1) -> None:
        if self.verbosity >= level:
            self.stdout.write(text)
            self.stdout.flush()
