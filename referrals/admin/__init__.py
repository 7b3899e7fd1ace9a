"""Friends in the admin."""

from __future__ import annotations

from referrals.admin import codes, member_panel, queue, section  # noqa: F401  (each registers its pages)
