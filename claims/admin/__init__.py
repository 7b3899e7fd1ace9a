"""The admin's pages of this room: the queue of claims, places with their code, visits."""

from __future__ import annotations

from claims.admin import member_panel, places, queue, visits  # noqa: F401  (each registers)
