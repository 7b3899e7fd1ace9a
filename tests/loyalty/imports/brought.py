"""Bringing a file in, as a person with a worker would."""

from __future__ import annotations

import json
from typing import Any

from core.actor import Actor
from loyalty.imports.jobs import Wish, file_received, import_create
from loyalty.imports.runner import import_work
from loyalty.models import ImportJob, ImportReject

STAFF = Actor("staff", "user:1", "admin")


def ndjson(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


def uploaded(raw: bytes, **wish: Any) -> ImportJob:
    with file_received([raw]) as kept:
        return import_create(kept=kept, wish=Wish(**{"starts_itself": True, **wish}), actor=STAFF)[0]


def brought_in(raw: bytes, **wish: Any) -> ImportJob:
    return import_work(uploaded(raw, **wish).pk)


def rejects(job: ImportJob) -> list[tuple[int, str, str]]:
    return list(ImportReject.objects.filter(job=job).order_by("line").values_list("line", "external_id", "code"))
