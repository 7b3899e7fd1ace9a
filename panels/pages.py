"""What the members' pages of this room show, read through selectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import Http404
from django.utils.translation import gettext as _

from core.countries import country_name
from loyalty.home import Link
from loyalty.models import Enrollment
from panels.applying import reasons_against
from panels.definition import Buy, Keep
from panels.definition import Panel as Spec
from panels.forms import local, told_answers
from panels.lending import address_of
from panels.models import AnswerPhoto, Application, Panel, Participation
from panels.selectors import application_of, panels_of, participation_of, phase_of, spec_of
from panels.sweeping import last_day_of, waits_for
from rewards.models import Reward, RewardFile

Context = dict[str, Any]
SHOWN = 50


class Shown(NamedTuple):
    """A panel in the reader's words. against: why the reader can't apply. mine: their application."""

    row: Panel
    name: str
    product: str
    picture: str
    phase: str
    against: list[str]
    mine: Application | None
    testing: Participation | None
    todo: str


def panel_or_404(enrollment: Enrollment, code: str) -> Panel:
    found = panels_of(enrollment.program_id).filter(code=code).first()
    if found is None:
        raise Http404
    return found


def mine_or_404(enrollment: Enrollment, code: str) -> Application:
    found = application_of(panel_or_404(enrollment, code), enrollment)
    if found is None:
        raise Http404
    return found


def testing_or_404(enrollment: Enrollment, code: str) -> Participation:
    found = participation_of(mine_or_404(enrollment, code))
    if found is None:
        raise Http404
    return found


def list_page(enrollment: Enrollment) -> Context:
    rows = list(panels_of(enrollment.program_id)[:SHOWN])
    own = Application.objects.filter(enrollment=enrollment, panel__in=rows).select_related("participation")
    mine = {each.panel_id: each for each in own}
    shown = [_shown(row, enrollment, mine.get(row.pk)) for row in rows]
    yours = [each for each in shown if each.mine is not None and each.mine.state != Application.State.WITHDRAWN]
    others = [each for each in shown if each not in yours]
    return {
        "enrollment": enrollment,
        "yours": yours,
        "open": [each for each in others if each.phase in ("open", "scheduled") and not each.against],
        "closed_to_me": [each for each in others if each.phase in ("open", "scheduled") and each.against],
    }


def _shown(row: Panel, enrollment: Enrollment, mine: Application | None) -> Shown:
    spec, phase = spec_of(row), phase_of(row)
    asks = mine is None and phase in ("open", "scheduled")
    against = [reason_word(each, spec) for each in reasons_against(row, enrollment)] if asks else []
    testing = participation_of(mine) if mine is not None else None
    todo = waits_for(testing) if testing is not None else ""
    return Shown(row, local(spec.name), local(spec.product), spec.picture or "", phase, against, mine, testing, todo)


def reason_word(reason: str, spec: Spec) -> str:
    """Why not, in words, and what would help."""
    match reason:
        case "tier":
            return _("It’s for members of another tier.")
        case "segment":
            return _("It’s for a group of members that was invited.")
        case "country":
            return _("It’s for members in %(countries)s. Your country must be in your profile.") % {
                "countries": ", ".join(country_name(each) for each in spec.countries)
            }
        case "age":
            return _("It’s for members of %(n)d and older. Your date of birth must be in your profile.") % {
                "n": spec.min_age or 0
            }
    return _("It’s for members who have a benefit that you don’t have now.")


def one_page(enrollment: Enrollment, row: Panel) -> Context:
    spec, mine, phase = spec_of(row), application_of(row, enrollment), phase_of(row)
    testing = participation_of(mine) if mine is not None else None
    applied = mine is not None and mine.state != Application.State.WITHDRAWN
    against = [] if applied else [reason_word(each, spec) for each in reasons_against(row, enrollment)]
    page = {
        "enrollment": enrollment,
        "row": row,
        "spec": spec,
        "name": local(spec.name),
        "description": local(spec.description),
        "product": local(spec.product),
        "terms": local(spec.terms),
        "phase": phase,
        "mine": mine if applied else None,
        "against": against,
        "may_apply": phase == "open" and not applied and not against,
        "may_change": phase == "open" and mine is not None and mine.state == Application.State.APPLIED,
        "answers": told_answers(spec.asks, mine.answers) if applied and mine is not None else [],
        "after": after_words(spec),
        "how": "" if isinstance(spec.after, Keep) else local(spec.after.how),
    }
    return {**page, **(testing_context(testing, spec) if testing is not None else {})}


def after_words(spec: Spec) -> str:
    match spec.after:
        case Keep():
            return _("You may keep it.")
        case Buy():
            return _("You send it back, or keep it for points, within %(n)d days.") % {"n": spec.after.days}
    return _("You send it back within %(n)d days.") % {"n": spec.after.days}


def testing_context(testing: Participation, spec: Spec) -> Context:
    reward = None
    if isinstance(spec.after, Buy):
        reward = Reward.objects.filter(program=testing.application.panel.program_id, code=spec.after.reward).first()
    under_way = testing.state in (Participation.State.RECEIVED, Participation.State.ANSWERED)
    return {
        "testing": testing,
        "todo": waits_for(testing),
        "last_day": last_day_of(testing),
        "address": address_of(testing),
        "steps": _steps(testing, spec),
        "sent_answers": told_answers(spec.questions, testing.answers) if testing.answered_at else [],
        "photos": list(AnswerPhoto.objects.filter(participation=testing).defer("content")),
        "keep_for": reward if under_way and not testing.outcome else None,
    }


def _steps(testing: Participation, spec: Spec) -> list[tuple[str, bool]]:
    """What there is to do from yes to the end, and whether it is done."""
    steps = [(_("Say yes"), testing.accepted_at is not None)]
    if spec.ships:
        steps.append((_("We send it"), testing.shipped_at is not None))
        steps.append((_("You have it"), testing.received_at is not None))
    steps.append((_("You test it and tell us"), testing.answered_at is not None))
    if not isinstance(spec.after, Keep):
        steps.append((_("You send it back"), bool(testing.outcome)))
    return steps


def picture_of(digest: str) -> RewardFile:
    """A picture that a panel shows; other files aren't there."""
    found = RewardFile.objects.filter(digest=digest, media_type="image/jpeg").first()
    if found is None or not Panel.objects.filter(spec__picture=digest).exists():
        raise Http404
    return found


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    if panels_of(enrollment.program_id).exists():
        within = ("panels:one", "panels:apply", "panels:accept", "panels:answers", "panels:sure")
        yield Link("/panels/", _("Test products"), "star", "panels:list", within)
