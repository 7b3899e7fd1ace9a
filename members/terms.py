"""Which texts people agree to. A changed text gets a new version: an old answer then no longer counts for it."""

from __future__ import annotations

TERMS_VERSION = "2026-11"
MARKETING_VERSION = "2026-11"
PROFILING_VERSION = "2026-11"

VERSIONS = {
    "terms": TERMS_VERSION,
    "marketing_email": MARKETING_VERSION,
    "profiling": PROFILING_VERSION,
}
