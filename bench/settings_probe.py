"""For the brand bench: core's migrations are a copy in var/, to which one can be added."""

from __future__ import annotations

import sys

from bench.settings import *  # noqa: F403  (settings stand on settings)
from bench.settings import VAR_DIR

sys.path.insert(0, str(VAR_DIR))
MIGRATION_MODULES = {"core": "bench_core_migrations"}
