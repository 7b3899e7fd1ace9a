"""What all pages of a panel share: its tabs, and who may open which."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.backoffice.base import ReadOnlyAdmin
from panels.forms import local
from panels.models import Panel
from panels.selectors import phase_of, spec_of

SEE_APPLICANTS, CHOOSE = "panels.view_application", "panels.choose_panel"
SEE_TESTERS, HANDLE, READ = "panels.view_participation", "panels.handle_panel", "panels.read_answers"


class PanelPages(ReadOnlyAdmin):
    at_once: ClassVar[int] = 100

    def tabs(self, request: HttpRequest, row: Panel, here: str) -> dict[str, Any]:
        """The heading of a page about a panel."""
        known = [
            ("panel", _("Panel"), self.url("change", row.pk), "panels.view_panel"),
            ("applicants", _("Applicants"), self.url("applicants", row.pk), SEE_APPLICANTS),
            ("testers", _("Testers"), self.url("testers", row.pk), SEE_TESTERS),
            ("answers", _("Answers"), self.url("answers", row.pk), READ),
        ]
        return {
            "row": row,
            "name": local(spec_of(row).name),
            "phase": phase_of(row),
            "panel_tabs": [(label, url, key == here) for key, label, url, may in known if request.user.has_perm(may)],
        }
