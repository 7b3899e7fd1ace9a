"""The benefits on a member's page in the admin, with a form to give one by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.backoffice.forms import DressedForm
from loyalty.definition.translation import text_in
from loyalty.errors import ProgramUnpublished
from loyalty.models import Enrollment
from loyalty.selectors import document_now, program_of
from members import panels
from members.models import Member
from rewards.benefits.causewords import causes_words
from rewards.benefits.holding import benefits_held
from rewards.benefits.models import BenefitGrant, BenefitUse
from rewards.benefits.plan import benefit_plan

ROWS = 50


def places_of(member: Member) -> list[Enrollment]:
    rows = Enrollment.objects.filter(member=member, program__stamp__gt=0, program__archived_at__isnull=True)
    return list(rows.select_related("program", "member").order_by("pk"))


def _benefits(request: HttpRequest, member: Member) -> dict[str, Any]:
    uses = BenefitUse.objects.filter(enrollment__member=member).select_related("benefit").order_by("-used_at")
    past = BenefitGrant.objects.filter(enrollment__member=member).select_related("benefit").order_by("-since", "-pk")
    return {
        "benefits_held": [
            (place.program, each, causes_words(each.causes, document_now(place.program_id)))
            for place in places_of(member)
            for each in benefits_held(place)
        ],
        "grants": [(each, causes_words(each.causes, document_now(each.benefit.program_id))) for each in past[:ROWS]],
        "uses": uses[:ROWS],
        "give_url": reverse("admin:rewards_benefitgrant_give", args=[member.pk]),
        "may_give": request.user.has_perm("rewards.give_benefit"),
        "more_url": f"{reverse('admin:rewards_benefituse_changelist')}?member={member.pk}&period=all",
    }


class GiveForm(DressedForm):
    """benefit: `<enrollment>:<code>`, of the programs that the member takes part in."""

    benefit = forms.ChoiceField(label=_("Benefit"))
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: until somebody ends it."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Kept in the audit trail."))

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {each.pk: each for each in places_of(member)}
        self.fields["benefit"].choices = list(self._choices())  # type: ignore[attr-defined]  # a field with choices

    def _choices(self) -> Any:
        language = (get_language() or "en")[:2]
        for pk, place in self.places.items():
            try:
                plan = benefit_plan(program_of(place))
            except ProgramUnpublished:
                continue
            for code, each in plan.benefits.items():
                yield f"{pk}:{code}", f"{text_in(each.benefit.name, language)} · {place.program}"

    def chosen(self) -> tuple[Enrollment, str]:
        pk, _colon, code = self.cleaned_data["benefit"].partition(":")
        return self.places[int(pk)], code


panels.add_panel(
    panels.Panel(
        key="benefits",
        title=_("Benefits"),
        template="admin/rewards/member_benefits.html",
        permission="rewards.view_benefitgrant",
        context=_benefits,
    )
)
