"""The catalogue follows the published document: at once, or when a version that was published ahead takes effect."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from core import clock
from core.actor import Actor, system
from core.tables import JobRun
from loyalty.definition.document import Document
from loyalty.definition.read import document_shape
from loyalty.models import Program, ProgramVersion, VersionWithdrawal
from loyalty.published import versions_standing
from rewards.catalogue import SECTION, section_apply

JOB = "catalogue"


def catalogue_follow(program: Program, document: Document, number: int, since: datetime | None, actor: Actor) -> None:
    """Within the publication's transaction."""
    if SECTION not in document.sections:
        return
    if since is None or since <= clock.now():
        section_apply(program=program, sections=document.sections, zone=_zone(document), actor=actor)
        return
    JobRun.objects.create(
        job=JOB, scope=f"{program.slug}:{number}", local_date=since.date(), started_at=since, outcome={}
    )


def _zone(document: Document) -> ZoneInfo:
    return ZoneInfo(document.program.time_zone)


def catalogues_due() -> int:
    """Versions that took effect since: the catalogue becomes what they say, in their order. How many.

    One that another has followed since, as when no sweep came by in between, has nothing to say any more.
    """
    done = 0
    due = JobRun.objects.filter(job=JOB, finished_at__isnull=True, started_at__lte=clock.now())
    for run_id in due.order_by("started_at", "pk").values_list("pk", flat=True):
        with transaction.atomic():
            run = JobRun.objects.select_for_update().get(pk=run_id)
            if run.finished_at is not None:
                continue
            slug, _colon, number = run.scope.rpartition(":")
            version = ProgramVersion.objects.select_related("program").get(program__slug=slug, number=int(number))
            # Who publishes holds this lock too.
            program = Program.objects.select_for_update(no_key=True).get(pk=version.program_id)
            withdrawn = VersionWithdrawal.objects.filter(version=version).exists()
            if not withdrawn and not _overtaken(version):
                document = document_shape(version.document)
                actor = system("catalogue")
                section_apply(program=program, sections=document.sections, zone=_zone(document), actor=actor)
                done += 1
            run.finished_at = clock.now()
            run.save(update_fields=["finished_at"])
    return done


def _overtaken(version: ProgramVersion) -> bool:
    """Whether a version that has a catalogue took effect after this one: in the same moment the later number does."""
    later = Q(in_force_from__gt=version.in_force_from) | Q(
        in_force_from=version.in_force_from, number__gt=version.number
    )
    held = versions_standing(version.program).filter(later, in_force_from__lte=clock.now())
    return held.filter(document__sections__has_key=SECTION).exists()
