"""A person's own pages: profile, consents, the terms, the language of the pages."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter as second_factors
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.actor import Actor
from core.errors import DomainError
from members.adapter import language_remember
from members.forms import ConsentForm, LanguageForm, ProfileForm, StaffProfileForm
from members.models import Member, User
from members.selectors import consent_history, consents_in_force, member_of
from members.services import consent_record, member_update, user_language_set, user_update
from members.terms import TERMS_VERSION, VERSIONS


@never_cache
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """GET shows, POST changes; a member's profile, or a member of staff's name and language."""
    assert isinstance(request.user, User)
    member = member_of(request.user)
    form: ProfileForm | StaffProfileForm
    if member is not None:
        form = ProfileForm(request.POST or None, instance=member)
    else:
        form = StaffProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid() and _profile_saved(request.user, form, member):
        response = redirect(_following(request) or "members:profile")
        language_remember(response, form.cleaned_data["language"])
        with override(form.cleaned_data["language"]):
            messages.success(request, _("Your profile is saved."))
        return response
    words = {"form": form, "member": member, "second_factor": second_factors().is_mfa_enabled(request.user)}
    return render(request, "members/profile.html", words, status=422 if form.errors else 200)


@never_cache
@login_required
def consents(request: HttpRequest) -> HttpResponse:
    """GET shows the answers in force and their history, POST changes them."""
    member = member_of(request.user)
    if member is None:
        return redirect("members:profile")
    in_force = consents_in_force(member)
    initial = {str(purpose): purpose in in_force and in_force[purpose].granted for purpose in ConsentForm.PURPOSES}
    form = ConsentForm(request.POST or None, initial=initial)
    if request.method == "POST":
        form = ConsentForm(request.POST, initial=initial)
        form.full_clean()
        for purpose in ConsentForm.PURPOSES:
            consent_record(
                member=member,
                purpose=purpose,
                granted=form.cleaned_data[purpose],
                text_version=VERSIONS[purpose],
                source="web:profile",
            )
        messages.success(request, _("Your choices are saved."))
        return redirect("members:consents")
    words = {"form": form, "member": member, "history": consent_history(member)[:50], "terms": in_force.get("terms")}
    return render(request, "members/consents.html", words)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "members/terms.html", {"version": TERMS_VERSION})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the pages' language, and keep it with whoever is logged in. An unknown language changes nothing."""
    following = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts=None):
        following = "/"
    response = HttpResponseRedirect(following)
    form = LanguageForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data["language"]
        language_remember(response, chosen)
        if isinstance(request.user, User):
            user_language_set(user=request.user, language=chosen)
    return response


def _following(request: HttpRequest) -> str:
    """The page that sent the member here, to go back to; "" for none, or one of somewhere else."""
    following = request.GET.get("next", "")
    return following if url_has_allowed_host_and_scheme(following, allowed_hosts=None) else ""


def _profile_saved(user: User, form: ProfileForm | StaffProfileForm, member: Member | None) -> bool:
    """Hand the form's values to the service; its refusals become the form's."""
    try:
        if member is None:
            user_update(user=user, **form.cleaned_data)
        else:
            actor = Actor("member", f"member:{member.public_id}", "web")
            assert isinstance(form, ProfileForm)
            member_update(member=Member.objects.get(pk=member.pk), actor=actor, **form.told())
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.detail))
        return False
    return True
