"""Claims with their files and doubles; places and the visits to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.bases import BrandModel
from core.ids import uuid7
from loyalty.models import Enrollment
from loyalty.models.program import code_validator


class Claim(BrandModel):
    """What a member says to have done, with the proof. The approval becomes an event with this row's id as its own.

    type: code of the document's claim type. fields: values by the codes of its fields. reason: texts by language.
    link_key, fingerprint: what doubles are found by. event_type, happened_at: of the event, fixed when it is approved;
    event: its id, once it is booked.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("waiting")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="claims", verbose_name=_("enrollment"), db_index=False
    )
    type = models.CharField(_("what"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SUBMITTED)
    fields = models.JSONField(_("fields"), default=dict)
    text = models.TextField(_("text"), blank=True)
    link = models.CharField(_("link"), max_length=500, blank=True)
    link_key = models.CharField(max_length=64, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    reason = models.JSONField(_("reason"), default=dict, blank=True)
    submitted_at = models.DateTimeField(_("sent at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    decision_key = models.CharField(max_length=200, blank=True, editable=False)
    event_type = models.CharField(_("event type"), max_length=80, blank=True)
    happened_at = models.DateTimeField(_("happened at"), null=True, blank=True)
    event = models.UUIDField(_("event"), null=True, blank=True)
    key = models.CharField(max_length=200, editable=False)
    body_hash = models.BinaryField(editable=False)
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        permissions: ClassVar = [("decide_claim", _("Can approve and refuse claims"))]
        constraints: ClassVar = [models.UniqueConstraint(fields=["enrollment", "key"], name="claim_once")]
        indexes: ClassVar = [
            models.Index(fields=["enrollment", "-submitted_at"], name="claims_of_member"),
            models.Index(fields=["state", "submitted_at"], name="claims_waiting"),
            models.Index(fields=["link_key"], name="claims_by_link", condition=~models.Q(link_key="")),
            models.Index(fields=["fingerprint"], name="claims_by_fields", condition=~models.Q(fingerprint="")),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {str(self.pk)[-8:]}"


class ClaimFile(BrandModel):
    """A picture or a PDF that came with a claim. It lies in the brand's own table and is served to its owner and staff.

    content: empty once it was removed (see claims/keeping.py). digest: SHA-256 of what was sent, picture_hash: of what
    is seen (claims/pictures.py); both stay, so that the same file is still known after its removal.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="files", verbose_name=_("claim"))
    kind = models.CharField(_("kind"), max_length=10)
    media_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("size"))
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    digest = models.CharField(max_length=64, db_index=True, editable=False)
    picture_hash = models.BigIntegerField(null=True, blank=True, editable=False)
    content = models.BinaryField(default=bytes, editable=False)
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("file of a claim")
        verbose_name_plural = _("files of claims")

    def __str__(self) -> str:
        return f"{self.media_type} · {str(self.pk)[-8:]}"


class ClaimDouble(BrandModel):
    """Two claims that show the same thing. claim is the later one."""

    class Kind(models.TextChoices):
        LINK = "link", _("same link")
        FILE = "file", _("same file")
        PICTURE = "picture", _("nearly the same picture")
        FIELDS = "fields", _("same values")

    claim = models.ForeignKey(
        Claim, on_delete=models.CASCADE, related_name="doubles", verbose_name=_("claim"), db_index=False
    )
    other = models.ForeignKey(
        Claim, on_delete=models.CASCADE, related_name="doubled_by", verbose_name=_("earlier claim")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)

    class Meta:
        verbose_name = _("double")
        verbose_name_plural = _("doubles")
        constraints: ClassVar = [models.UniqueConstraint(fields=["claim", "other", "kind"], name="claim_double_once")]

    def __str__(self) -> str:
        return f"{self.claim_id} = {self.other_id} ({self.kind})"


class Place(BrandModel):
    """Where members check in. secret: what the code on its screen is made with, sealed. radius_m: how near is there."""

    class Kind(models.TextChoices):
        STORE = "store", _("shop")
        PARK = "park", _("park")
        EVENT = "event", _("event")
        OTHER = "other", _("other")

    code = models.CharField(_("code"), max_length=40, unique=True, validators=[code_validator])
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.STORE)
    address = models.CharField(_("address"), max_length=300, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6)
    radius_m = models.PositiveIntegerField(_("radius (m)"), default=100)
    active = models.BooleanField(_("open for check-ins"), default=True)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    secret = models.TextField(editable=False)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering: ClassVar = ["name", "id"]
        permissions: ClassVar = [("show_place_code", _("Can show a place's code on a screen"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="place_on_earth",
            ),
            models.CheckConstraint(condition=models.Q(radius_m__gte=10, radius_m__lte=50_000), name="place_radius"),
        ]

    def __str__(self) -> str:
        return self.name


class CheckIn(BrandModel):
    """A visit, or a try. The member's position is not kept: only how far from the place it was, rounded.

    reason: why it was refused or is held, as a code. step: of the code that was shown. event: of the event that it
    became, once it is booked.
    """

    class Method(models.TextChoices):
        POSITION = "position", _("position")
        CODE = "code", _("code on the screen")

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        HELD = "held", _("held")
        REFUSED = "refused", _("refused")

    class Reason(models.TextChoices):
        TOO_FAR = "too_far", _("too far away")
        INACCURATE = "inaccurate", _("position too uncertain")
        TOO_SOON = "too_soon", _("here a short while ago")
        TOO_FAST = "too_fast", _("too far from the last one in that time")
        CLOSED = "closed", _("place closed for check-ins")
        CODE_OLD = "code_old", _("code no longer on the screen")
        STAFF = "staff", _("refused by staff")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="check_ins", verbose_name=_("enrollment"), db_index=False
    )
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="check_ins", verbose_name=_("place"))
    method = models.CharField(_("method"), max_length=8, choices=Method.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    distance_m = models.PositiveIntegerField(_("distance (m)"), null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(_("uncertainty (m)"), null=True, blank=True)
    speed_kmh = models.PositiveIntegerField(_("speed since the last one (km/h)"), null=True, blank=True)
    step = models.BigIntegerField(null=True, blank=True, editable=False)
    at = models.DateTimeField(_("at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=120, blank=True)
    event = models.UUIDField(_("event"), null=True, blank=True)
    key = models.CharField(max_length=200, editable=False)
    body_hash = models.BinaryField(editable=False)
    source = models.CharField(_("source"), max_length=60)
    initiated_by = models.CharField(_("initiated by"), max_length=20)

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        permissions: ClassVar = [("decide_checkin", _("Can accept and refuse check-ins that are held"))]
        constraints: ClassVar = [models.UniqueConstraint(fields=["enrollment", "key"], name="check_in_once")]
        indexes: ClassVar = [
            models.Index(fields=["enrollment", "-at"], name="check_ins_of_member"),
            models.Index(fields=["state", "-at"], name="check_ins_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.place} · {str(self.pk)[-8:]}"
