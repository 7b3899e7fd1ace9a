"""The WSGI entry point. Synchronous only: see docs/adr/0003-tenancy.md for why there is no ASGI one."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from core.garbage import garbage_rarely
from core.structs import structs_prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
application = get_wsgi_application()
structs_prepare()
garbage_rarely()
