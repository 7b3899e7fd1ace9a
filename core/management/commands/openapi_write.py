"""Write docs/openapi.json: the copy that reviews and client generators read. A test holds that it is current."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.api.docs import openapi_document

FILE = settings.BASE_DIR / "docs" / "openapi.json"


class Command(BaseCommand):
    help = "Write the OpenAPI document to docs/openapi.json."

    def handle(self, *args: Any, **options: Any) -> None:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_bytes(openapi_document())
        self.stdout.write(f"{FILE} written")
