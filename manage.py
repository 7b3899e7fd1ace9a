#!/usr/bin/env python
"""Django's command line. Commands that migrate or provision run as the database's owner, all others as its guest."""

from __future__ import annotations

import os
import sys

OWNER_COMMANDS = {"migrate", "migrate_schemas", "brands_migrate", "platform_init"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("STAMGAST_DB_ROLE", "owner")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
