"""What a version is by now, in a word: in force, to come, past or withdrawn."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from core import clock
from loyalty.errors import ProgramUnpublished
from loyalty.models import ProgramVersion
from loyalty.versions import programs_fresh

STATE_TONES = {"in_force": "success", "to_come": "info", "past": "", "withdrawn": "warning"}


def versions_in_force(at: datetime) -> set[int]:
    """Ids of the versions in force then, one per program."""
    found = set()
    for state in programs_fresh().values():
        try:
            found.add(state.row_at(at).id)
        except ProgramUnpublished:
            continue
    return found


def version_state(version: ProgramVersion, in_force: set[int] | None = None) -> tuple[str, str]:
    """Key and word. in_force: as versions_in_force says, for many at once."""
    now = clock.now()
    if getattr(version, "withdrawal", None) is not None:
        return "withdrawn", _("withdrawn")
    if version.pk in (versions_in_force(now) if in_force is None else in_force):
        return "in_force", _("in force")
    if version.in_force_from is not None and version.in_force_from > now:
        return "to_come", _("scheduled")
    return "past", _("past")
