"""Replays all migrations on one schema and prints the seconds: `python -m bench.replaying SCHEMA`, as the owner."""

from __future__ import annotations

import sys
import time

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    begun = time.monotonic()
    call_command("migrate_schemas", tenant=True, schema_name=sys.argv[1], interactive=False, verbosity=0)
    print(time.monotonic() - begun)


if __name__ == "__main__":
    main()
