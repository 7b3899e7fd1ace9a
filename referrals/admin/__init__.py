"""Friends in the admin."""

from __future__ import annotations

from referrals.admin import codes, member_panel, queue  # noqa: F401  (each registers its pages)
