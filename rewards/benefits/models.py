"""Benefits as rows: what there is, who holds it since when, and each time that one was used."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment, Program
from loyalty.models.program import code_validator


class Benefit(BrandModel):
    """A benefit that a published program has or had: what grants and uses refer to. What it says is the document's.

    body: as the version in force says it. changed_at: since when it says so. retired_at: since when no version in force
    has it any more. pool: where the codes of a partner's lie, of one that gives such codes.
    """

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="benefits", verbose_name=_("program"), db_index=False
    )
    code = models.CharField(_("code"), max_length=40, validators=[code_validator])
    body = models.JSONField(_("definition"), default=dict)
    position = models.PositiveIntegerField(_("position"), default=0)
    changed_at = models.DateTimeField(_("changed at"))
    retired_at = models.DateTimeField(_("not given since"), null=True, blank=True)
    pool = models.ForeignKey(
        "rewards.CodePool",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="benefits",
        verbose_name=_("code pool"),
    )

    class Meta:
        verbose_name = _("benefit")
        verbose_name_plural = _("benefits")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["program", "code"], name="benefit_code_once")]

    def __str__(self) -> str:
        name = self.body.get("name") or self.code
        return text_in(name, (get_language() or "en")[:2])


class BenefitGrant(BrandModel):
    """A member holds a benefit: from since until it ended, or until `until` if that is known before.

    source program: by what the program says; causes name each reason (`tier:club:vip`, `plan:gold`, `segment:press`,
    `everyone`) and follow it while the grant goes on. source staff: given by hand, whatever the program says.
    """

    class Source(models.TextChoices):
        PROGRAM = "program", _("by the program")
        STAFF = "staff", _("by staff")

    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="benefit_grants", verbose_name=_("enrollment")
    )
    benefit = models.ForeignKey(
        Benefit, on_delete=models.PROTECT, related_name="grants", verbose_name=_("benefit"), db_index=False
    )
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.PROGRAM)
    causes = models.JSONField(_("because of"), default=list)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    given_by = models.CharField(_("given by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("benefit held")
        verbose_name_plural = _("benefits held")
        permissions: ClassVar = [("give_benefit", _("Can give benefits by hand, note uses and take them back"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrollment", "benefit", "source"],
                name="benefit_held_once",
                condition=models.Q(ended_at__isnull=True),
            )
        ]
        indexes: ClassVar = [models.Index(fields=["benefit", "-since"], name="benefit_grants_of")]

    def __str__(self) -> str:
        return f"{self.benefit} · {self.enrollment}"


class BenefitUse(BrandModel):
    """A benefit was used once (or `units` times). The same source and external_id is the same use.

    causes: why the member held it then; "unused since the last charge" is asked of a plan's. period: the first local
    day of the allowance's period that it counts in, empty where it counts for ever or there is no allowance.
    pool_code: the partner's code that the member took by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(BenefitGrant, on_delete=models.PROTECT, related_name="uses", verbose_name=_("held"))
    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        related_name="benefit_uses",
        verbose_name=_("enrollment"),
        db_index=False,
    )
    benefit = models.ForeignKey(
        Benefit, on_delete=models.PROTECT, related_name="uses", verbose_name=_("benefit"), db_index=False
    )
    source = models.CharField(_("source"), max_length=60)
    external_id = models.CharField(_("id there"), max_length=200)
    units = models.PositiveIntegerField(_("times"), default=1)
    pool_code = models.OneToOneField(
        "rewards.PoolCode",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="benefit_use",
        verbose_name=_("code"),
    )
    period = models.CharField(_("counts in"), max_length=10, blank=True)
    causes = models.JSONField(_("because of"), default=list)
    order_number = models.CharField(_("order"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    used_at = models.DateTimeField(_("used at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    initiated_by = models.CharField(_("initiated by"), max_length=20)
    actor = models.CharField(_("actor"), max_length=120, blank=True)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    taken_back_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("use of a benefit")
        verbose_name_plural = _("uses of benefits")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "external_id"], name="benefit_use_once"),
            models.CheckConstraint(condition=models.Q(units__gt=0), name="benefit_use_of_something"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["enrollment", "benefit", "-used_at"], name="benefit_uses_of_member"),
            models.Index(fields=["benefit", "-used_at"], name="benefit_uses_of"),
        ]

    def __str__(self) -> str:
        return f"{self.benefit} · {self.used_at:%Y-%m-%d}"


class TokenKey(BrandModel):
    """A key of the brand that entitlement tokens are signed with (Ed25519).

    public: 32 bytes, base64url. sealed: the private half. It signs from signs_from, which is later than when it was
    made so that verifiers know it by then; it is published until gone_at.
    """

    kid = models.CharField(_("key id"), max_length=40, unique=True)
    public = models.CharField(_("public key"), max_length=60)
    sealed = models.TextField()
    made_at = models.DateTimeField(_("made at"))
    signs_from = models.DateTimeField(_("signs from"))
    gone_at = models.DateTimeField(_("published until"), null=True, blank=True)

    class Meta:
        verbose_name = _("token key")
        verbose_name_plural = _("token keys")
        permissions: ClassVar = [("rotate_tokenkey", _("Can change the key that tokens are signed with"))]

    def __str__(self) -> str:
        return self.kid
