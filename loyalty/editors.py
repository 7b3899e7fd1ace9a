"""Who was quicker: a refusal of a change to a draft says whose change it would have written over, and when that was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from core.tables import AuditEntry
from loyalty.draftrows import rows_of
from loyalty.errors import DraftChanged, VersionsMoved
from loyalty.models import Program, ProgramVersion, VersionWithdrawal

# The whole draft anew, pieces and all.
_REPLACED = "program.draft_replace"


def draft_changed(by: str, at: datetime | None, **context: Any) -> DraftChanged:
    """by: the actor's name, "" where nobody noted it. context: further members of the refusal."""
    if not by or at is None:
        return DraftChanged(**context)
    values = {"who": actor_words(by), "when": _moment(at)}
    return DraftChanged(
        _("%(who)s changed this draft on %(when)s; nothing was overwritten.") % values,
        changed_by=_account(by), changed_at=at.isoformat(), **context,
    )  # fmt: skip


def piece_changed(program: Program, kind: str, code: str | None) -> DraftChanged:
    """For a piece of a list of the draft."""
    row = rows_of(program, kind).filter(code=code).first() if code is not None else None
    return _changed_since(program, _of(row)) if row is not None else DraftChanged()


def settings_changed(program: Program) -> DraftChanged:
    return _changed_since(program, Q(object_type="program", object_id=str(program.pk), action="draft.settings"))


def section_changed(program: Program, name: str) -> DraftChanged:
    mine = Q(object_type="program", object_id=str(program.pk), action="draft.section", changes__section=name)
    return _changed_since(program, mine)


def changed_since(row: Model | None) -> DraftChanged:
    """For a row of another room that stands in the draft too, by its own trail."""
    return _told(_of(row))


def versions_moved(program: Program) -> VersionsMoved:
    """Who published or withdrew last."""
    last = ProgramVersion.objects.filter(program=program).defer("document").order_by("-number").first()
    gone = VersionWithdrawal.objects.filter(version__program=program).select_related("version").order_by("-pk").first()
    if last is None:
        return VersionsMoved()
    if gone is not None and gone.withdrawn_at > last.published_at:
        said = _("%(who)s withdrew version %(n)d on %(when)s.")
        return _moved(said, gone.withdrawn_by, gone.withdrawn_at, gone.version.number)
    return _moved(_("%(who)s published version %(n)d on %(when)s."), last.published_by, last.published_at, last.number)


def _moved(said: str, by: str, at: datetime, number: int) -> VersionsMoved:
    return VersionsMoved(
        said % {"who": actor_words(by), "n": number, "when": _moment(at)},
        changed_by=_account(by), changed_at=at.isoformat(),
    )  # fmt: skip


def actor_words(name: str) -> str:
    """Who that is, for people."""
    kind, _colon, rest = name.partition(":")
    return _("The API key %(key)s") % {"key": rest} if kind == "api" else _account(name)


def _account(name: str) -> str:
    """`user:7` as that person's e-mail; keys, and whoever is gone, as they were noted."""
    kind, _colon, rest = name.partition(":")
    if kind != "user" or not rest.isdigit():
        return name
    return get_user_model().objects.filter(pk=int(rest)).values_list("email", flat=True).first() or name


def _of(row: Model | None) -> Q:
    if row is None:
        return Q(pk__in=())
    return Q(object_type=row._meta.model_name, object_id=str(row.pk))


def _changed_since(program: Program, mine: Q) -> DraftChanged:
    """By the last change of the very piece, or of the whole draft."""
    return _told(mine | Q(object_type="program", object_id=str(program.pk), action=_REPLACED))


def _told(which: Q) -> DraftChanged:
    last = AuditEntry.objects.filter(which).order_by("-at", "-pk").first()
    return draft_changed(last.actor, last.at) if last is not None else DraftChanged()


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")
