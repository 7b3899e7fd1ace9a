"""Members and segments in the admin; each registers itself on being imported."""

from members.admin import people, segments

__all__ = ["people", "segments"]
