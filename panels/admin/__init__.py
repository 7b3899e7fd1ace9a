"""Product panels in the admin. Importing it registers what the admin shows."""

from __future__ import annotations

from panels.admin import packing, panels, words  # noqa: F401  (they register)
