"""The page on which an older version is published again: what would change, then one button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from core.backoffice.base import BrandAdmin, actor_of, refusal_text
from core.errors import DomainError, InvalidInput
from loyalty.admin.files import document_file
from loyalty.admin.laddercounts import counts_shown
from loyalty.admin.program_forms import AgainForm
from loyalty.admin.sides import side_by_side
from loyalty.backfills.choosing import again_counters_fresh
from loyalty.definition.problems import DefinitionError
from loyalty.models import ProgramVersion
from loyalty.published import newest_version, versions_waiting
from loyalty.publishing import again_difference, again_foretold, again_problems, version_republish
from loyalty.tierpreview import changed_previews

if TYPE_CHECKING:
    from loyalty.definition.difference import Change


def again_page(admin: BrandAdmin, request: HttpRequest, version: ProgramVersion) -> HttpResponse:
    """Whoever asks may publish. Takes the newest version that was looked at: another one since is told."""
    newest = newest_version(version.program)
    seen = {"revision": version.program.draft_revision, "newest": newest.number if newest is not None else 0}
    previews = changed_previews(version.program, version.document)
    fresh = again_counters_fresh(version)
    sent = request.POST if request.method == "POST" else None
    form = AgainForm(sent, initial=seen, previews=previews, fresh=fresh)
    if form.is_valid():
        try:
            made = _republished(request, version, form)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, refusal_text(error))
        else:
            messages.success(
                request,
                _("Version %(new)d is published: what version %(old)d says.")
                % {"new": made.number, "old": version.number},
            )
            return HttpResponseRedirect(reverse("admin:loyalty_program_change", args=[version.program_id]))
    context = admin.page_context(
        request,
        title=_("Publish version %(n)d of %(program)s again") % {"n": version.number, "program": version.program},
        obj=version,
        program=version.program,
        again=version,
        form=form,
        newest=newest,
        changes=_changes(version),
        problems=again_problems(version),
        foretold=again_foretold(version),
        sides=side_by_side(document_file(newest.document) if newest else "", document_file(version.document)),
        ladder_counts=counts_shown(previews),
        waiting=versions_waiting(version.program, clock.now()),
        back_url=admin.url("change", version.pk),
    )
    return TemplateResponse(request, "admin/loyalty/publish.html", context)


def _republished(request: HttpRequest, version: ProgramVersion, form: AgainForm) -> ProgramVersion:
    asked = form.cleaned_data
    return version_republish(
        version=version,
        actor=actor_of(request),
        expected_newest=asked["newest"],
        expected_revision=asked["revision"] if asked["draft_too"] else None,
        note=asked["note"] or _("Version %(n)d again") % {"n": version.number},
        in_force_from=asked["in_force_from"],
        tier_recalculation=form.recalculation(),
        count_back=form.count_back(),
    )


def _changes(version: ProgramVersion) -> list[Change]:
    try:
        return again_difference(version, language=(get_language() or "en")[:2])
    except (InvalidInput, DefinitionError):
        return []
