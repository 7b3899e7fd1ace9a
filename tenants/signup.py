"""Signing a brand up: a form, a mail with a signed link, a confirmation, and only then a schema.

Everything is in the sign-up's own row, in the public schema. The broker only wakes: a sweeper (tenants.tasks) sends
mails and starts set-ups that a lost message or a dead worker left behind.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError, InvalidInput, NotFound
from core.ids import uuid7
from tenants.context import platform_context
from tenants.hooks import program_templates
from tenants.models import BrandSignup, Language, SignupState
from tenants.slugs import SlugTaken, slug_check, slug_free
from tenants.wake import wake_after_commit

LINK_SALT = "tenants.signup.confirm"
LINK_LIFETIME = timedelta(hours=48)
# From one network address, and for one e-mail: enough for a person, too few for a script.
PER_ADDRESS_AN_HOUR = 5
PER_EMAIL_AN_HOUR = 3
MAX_ATTEMPTS = 5


class SignupsTooMany(DomainError):
    code, status = "too_many_signups", 429
    title = _("Too many sign-ups came from here.")
    hint = _("Try again in an hour.")
    retry_after = 3600


class LinkInvalid(NotFound):
    code = "signup_link_invalid"
    title = _("This link is not one of ours.")
    hint = _("Copy the whole link from the mail, or sign up again.")


class LinkExpired(DomainError):
    code, status = "signup_link_expired", 410
    title = _("This link has expired.")
    hint = _("Sign up again: it takes a minute.")


class RetryRefused(Conflict):
    code = "signup_retry_refused"
    title = _("This can't be tried again.")
    hint = _("Sign up again, or tell us what happened.")


def signup_request(
    *, name: str, slug: str, email: str, template: str, language: str, client_address: str
) -> BrandSignup:
    """Note a wish for a brand and have the mail with the link sent after the commit.

    Errors: InvalidInput (with its field), SlugInvalid, SlugReserved, SlugTaken, SignupsTooMany.
    """
    slug_check(slug)
    clean = _checked(name=name, email=email, template=template, language=language)
    address = salted_hmac("tenants.signup.address", client_address, algorithm="sha256").hexdigest()
    with platform_context(), transaction.atomic():
        _rate_check(address, clean["email"])
        slug_free(slug)
        signup = BrandSignup.objects.create(id=uuid7(), slug=slug, address_hash=address, **clean)
        wake_after_commit("tenants.tasks.signup_mail_send", signup.id)
    return signup


def signup_confirm(*, token: str) -> BrandSignup:
    """Queue the set-up that a mailed link asks for. Following the link again changes nothing.

    Errors: LinkInvalid, LinkExpired, SlugTaken (somebody else was faster).
    """
    with platform_context(), transaction.atomic():
        signup = _locked(signup_id_of(token))
        if signup.state == SignupState.REQUESTED:
            slug_free(signup.slug)
            _queue(signup, confirmed_at=timezone.now())
    return signup


def signup_retry(*, signup_id: UUID) -> BrandSignup:
    """Queue a failed set-up again. Errors: NotFound, RetryRefused, SlugTaken."""
    with platform_context(), transaction.atomic():
        signup = _locked(signup_id)
        if signup.state == SignupState.FAILED:
            if signup.attempts >= MAX_ATTEMPTS or signup.confirmed_at is None:
                raise RetryRefused
            slug_free(signup.slug)
            _queue(signup)
    return signup


def signup_link_token(signup: BrandSignup) -> str:
    return signing.dumps(str(signup.pk), salt=LINK_SALT)


def signup_id_of(token: str) -> UUID:
    """The sign-up that a link belongs to. Errors: LinkInvalid, LinkExpired."""
    try:
        return UUID(signing.loads(token, salt=LINK_SALT, max_age=LINK_LIFETIME))
    except signing.SignatureExpired as error:
        raise LinkExpired from error
    except (signing.BadSignature, ValueError) as error:
        raise LinkInvalid from error


def _checked(*, name: str, email: str, template: str, language: str) -> dict[str, Any]:
    name, email = " ".join(name.split()), email.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise InvalidInput(_("Give the brand a name of 80 characters at most."), field="name")
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(_("This is not an e-mail address."), field="email") from error
    if len(email) > 254:
        raise InvalidInput(_("This is not an e-mail address."), field="email")
    keys = {choice.key for choice in program_templates()}
    if template and template not in keys:
        raise InvalidInput(_("There is no such program."), field="template")
    if language not in Language.values:
        raise InvalidInput(_("There is no such language."), field="language")
    return {"name": name, "email": email, "template": template, "language": language}


def _rate_check(address: str, email: str) -> None:
    """Count the last hour's sign-ups. The advisory locks make counting and adding one step for both keys."""
    keys = sorted({address, f"email:{email.lower()}"})
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('stamgast.signup'), hashtext(%s))", [key])
    recent = BrandSignup.objects.filter(created_at__gt=timezone.now() - timedelta(hours=1))
    if (
        recent.filter(address_hash=address).count() >= PER_ADDRESS_AN_HOUR
        or recent.filter(email__iexact=email).count() >= PER_EMAIL_AN_HOUR
    ):
        raise SignupsTooMany


def _locked(signup_id: UUID) -> BrandSignup:
    signup = BrandSignup.objects.select_for_update(of=("self",)).filter(pk=signup_id).first()
    if signup is None:
        raise LinkInvalid
    return signup


def _queue(signup: BrandSignup, **fields: Any) -> None:
    changes = {**fields, "state": SignupState.QUEUED, "step": "", "progress": 0, "error": ""}
    for name, value in changes.items():
        setattr(signup, name, value)
    try:
        with transaction.atomic():
            signup.save(update_fields=list(changes))
    except IntegrityError as error:
        raise SlugTaken(field="slug") from error
    wake_after_commit("tenants.tasks.provision_signup", signup.id)
