"""How allauth speaks with the rest: mail through the outbox, members joined when an address is proven."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.http import client_ip
from core.secrets import seal, unseal
from members.joining import address_proven
from members.letters import letter_queue
from members.lockout import failure_noted
from members.models import Member, User
from members.services import user_language_follow
from tenants.context import current_brand

SECOND_FACTOR = "second_factor"
LETTERS = {
    "account/email/email_confirmation_signup": "verify_address",
    "account/email/email_confirmation": "verify_address",
    "account/email/password_reset_key": "password_reset",
    "account/email/account_already_exists": "account_exists",
}
# Told afterwards to the person it happened to, so that they notice when it wasn't them.
NOTICES = {
    "account/email/password_changed": _("Your password was changed."),
    "account/email/password_set": _("A password was set for your account."),
    "account/email/password_reset": _("Your password was reset."),
    "account/email/email_changed": _("The e-mail address of your account was changed."),
    "account/email/email_deleted": _("An e-mail address was removed from your account."),
    "mfa/email/totp_activated": _("An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": _("The authenticator app was removed from your account."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made for your account."),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # its base has no types
    """Sign-up, log-in and the mails around them, at one brand."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody joins the operator: its users are the platform's staff, who are invited."""
        brand = getattr(request, "brand", None)
        return brand is not None and not brand.is_operator

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth would count failures per e-mail alone, so anyone could lock anyone out. axes counts instead."""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        failure_noted(request)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        with transaction.atomic():
            confirmed = bool(super().confirm_email(request, email_address))
            if confirmed:
                address_proven(user=email_address.user)
        return confirmed

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff who collect nothing go to their work."""
        user = request.user
        if isinstance(user, User) and user.is_staff and not Member.objects.filter(user=user).exists():
            return "/admin/"
        return str(super().get_login_redirect_url(request))

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **arguments: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **arguments)
        if isinstance(user, User) and user.language_chosen:
            language_remember(response, user.language)
        elif isinstance(user, User):
            user_language_follow(user=user, language=(get_language() or user.language)[:2])
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue instead of send: a mail server that is away must not fail a sign-up, nor tell who has an account."""
        user = context.get("user")
        language = user.language if isinstance(user, User) else get_language() or "en"
        kind = LETTERS.get(template_prefix)
        if kind is None:
            what = NOTICES.get(template_prefix, _("Something was changed in your account."))
            letter_queue(kind="security_notice", to=email, language=language, path="/profile/", what=what)
            return
        address = context.get("activate_url") or context.get("password_reset_url") or "/"
        name = user.name if isinstance(user, User) else ""
        # Only the path is taken over: the Host header, and the port in it, are the visitor's.
        letter_queue(kind=kind, to=email, language=language, path=urlsplit(str(address)).path, name=name)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # its base has no types
    """Second factors: sealed at rest, and named after the brand in the authenticator app."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose=SECOND_FACTOR)

    def _get_site_name(self) -> str:
        brand = current_brand()
        return brand.name if brand is not None else "Stamgast"


def language_remember(response: HttpResponse, language: str) -> None:
    """Keep the language for the pages that come before a log-in, too."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 86400,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
    )
