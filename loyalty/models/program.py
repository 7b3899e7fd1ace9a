"""A program: its draft as rows that the admin edits, and the published versions that the engine reads.

Members earn by published versions only. A draft row holds one piece of the typed document (loyalty/definition) under
the code that the document uses; loyalty/drafts.py turns rows into the document and back without loss.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.bases import AppendOnly, BrandModel
from loyalty.definition.translation import text_in

code_validator = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}\Z",
    _("Small letters, digits and underscores, starting with a letter, 40 at most."),
)


class Program(BrandModel):
    """A loyalty program of the brand. What it does stands in its versions; here are its name and its draft's state."""

    kept = True

    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    # The name by language, where the document says it in several.
    titles = models.JSONField(default=dict, blank=True)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    sections = models.JSONField(_("further sections"), default=dict, blank=True)
    # Raised by every change of the draft: two people editing the same draft are told.
    draft_revision = models.PositiveIntegerField(default=0)
    # By whom the last change was, for whoever it gets in the way of.
    draft_changed_by = models.CharField(max_length=120, blank=True, default="")
    draft_changed_at = models.DateTimeField(null=True, blank=True)
    # Another number after every publication, 0 before the first: what caches of compiled versions are checked against.
    stamp = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("created at"))
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        permissions: ClassVar = [("publish_program", _("Can publish a program"))]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The published name in the reader's language."""
        return text_in(self.titles or self.name, (get_language() or "en")[:2])


class DraftPiece(BrandModel):
    """A row of a program's draft: one element of the document's lists, found by its code."""

    code = models.CharField(_("code"), max_length=40, validators=[code_validator])
    position = models.PositiveIntegerField(_("position"), default=0)
    body = models.JSONField(_("definition"), default=dict)

    class Meta:
        abstract = True
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        """Its name in the reader's language; an unfinished draft may hold anything in its place."""
        name = self.body.get("name_many") or self.body.get("name") if isinstance(self.body, dict) else None
        if isinstance(name, dict):
            name = text_in(name, (get_language() or "en")[:2])
        return name if isinstance(name, str) and name else self.code


class PointCurrency(DraftPiece):
    program = models.ForeignKey(
        Program,
        on_delete=models.CASCADE,
        related_name="currencies",
        verbose_name=_("program"),
    )

    class Meta(DraftPiece.Meta):
        verbose_name = _("point currency")
        verbose_name_plural = _("point currencies")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="currency_code_once")]


class Ladder(DraftPiece):
    program = models.ForeignKey(
        Program,
        on_delete=models.CASCADE,
        related_name="ladders",
        verbose_name=_("program"),
    )

    class Meta(DraftPiece.Meta):
        verbose_name = _("tier ladder")
        verbose_name_plural = _("tier ladders")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="ladder_code_once")]


class Tier(DraftPiece):
    ladder = models.ForeignKey(Ladder, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("ladder"))

    class Meta(DraftPiece.Meta):
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints: ClassVar = [models.UniqueConstraint(fields=["ladder", "code"], name="tier_code_once")]


class EarningRule(DraftPiece):
    program = models.ForeignKey(
        Program,
        on_delete=models.CASCADE,
        related_name="rules",
        verbose_name=_("program"),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    trigger = models.CharField(_("trigger"), max_length=80)

    class Meta(DraftPiece.Meta):
        verbose_name = _("earning rule")
        verbose_name_plural = _("earning rules")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="rule_code_once")]


class DraftPart(DraftPiece):
    """A piece of any further list of the document: counters, shared caps, and whatever list the document gets."""

    program = models.ForeignKey(
        Program,
        on_delete=models.CASCADE,
        related_name="parts",
        verbose_name=_("program"),
    )
    kind = models.CharField(_("list"), max_length=40)
    # Not every list is known by a code: an event type is known by its dotted name.
    code = models.CharField(_("code"), max_length=120)

    class Meta(DraftPiece.Meta):
        verbose_name = _("part of the program")
        verbose_name_plural = _("parts of the program")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "kind", "code"], name="part_code_once")]


class ProgramVersion(AppendOnly):
    """A published, immutable, numbered version: the document that events are judged by.

    In force from in_force_from (null for the first: from the beginning of time) until the next version's.
    """

    program = models.ForeignKey(
        Program,
        on_delete=models.PROTECT,
        related_name="versions",
        verbose_name=_("program"),
    )
    number = models.PositiveIntegerField(_("number"))
    document = models.JSONField(_("document"))
    document_hash = models.BinaryField()
    in_force_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"))
    published_by = models.CharField(_("published by"), max_length=120)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("published version")
        verbose_name_plural = _("published versions")
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.program} v{self.number}"


class VersionWithdrawal(AppendOnly):
    """Says that a version was taken back before it took effect. At most one per version; there is no way back."""

    version = models.OneToOneField(
        ProgramVersion,
        on_delete=models.PROTECT,
        related_name="withdrawal",
        verbose_name=_("version"),
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"))
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=120)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("withdrawn version")
        verbose_name_plural = _("withdrawn versions")

    def __str__(self) -> str:
        return f"{self.version} withdrawn"
