"""The same without tenancy, to compare with: one schema named once at connecting, no look-up of the host."""

from __future__ import annotations

import os

from bench.settings import *  # noqa: F403  (settings stand on settings)
from bench.settings import DATABASES, MIDDLEWARE

SINGLE_SCHEMA = os.environ["BENCH_SINGLE_SCHEMA"]
_options = DATABASES["default"]["OPTIONS"]
DATABASES = {
    "default": {
        **DATABASES["default"],
        "ENGINE": "bench.plain",
        "OPTIONS": {**_options, "options": f"{_options['options']} -c search_path={SINGLE_SCHEMA}"},
    }
}
MIDDLEWARE = [
    "bench.plain.middleware.OneBrandMiddleware" if each == "tenants.middleware.BrandMiddleware" else each
    for each in MIDDLEWARE
]
