"""The platform's own work, in the public schema: setting brands up, mailing their links, and sweeping after both.

`provision_signup` needs the owner's role (DATABASE_OWNER_URL) and so has a queue and a worker of its own.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.errors import DomainError
from tenants.context import platform_context
from tenants.links import platform_url
from tenants.models import BrandSignup, SignupState
from tenants.provision import brand_provision
from tenants.signup import LINK_LIFETIME, signup_link_token
from tenants.wake import wake

log = logging.getLogger(__name__)

MAX_MAIL_ATTEMPTS = 6
# A set-up takes a second or two; one that has been silent this long died.
STALE_AFTER = timedelta(minutes=3)
WAKE_AGAIN_AFTER = timedelta(seconds=45)


@shared_task(name="tenants.tasks.provision_signup")
def provision_signup(signup_id: str) -> None:
    """Make the brand of a confirmed sign-up. Its row tells how far it is, and why if it failed."""
    with platform_context():
        started = BrandSignup.objects.filter(
            Q(state=SignupState.QUEUED) | Q(state=SignupState.RUNNING, started_at__lt=timezone.now() - STALE_AFTER),
            pk=signup_id,
        ).update(state=SignupState.RUNNING, started_at=timezone.now(), attempts=F("attempts") + 1)
        if not started:
            return
        signup = BrandSignup.objects.get(pk=signup_id)
        try:
            brand = brand_provision(
                slug=signup.slug,
                name=signup.name,
                owner_email=signup.email,
                template=signup.template,
                language=signup.language,
                signup=signup,
                on_step=lambda step, percent: _note(signup_id, step=step, progress=percent),
            )
        except DomainError as error:
            reason = str(error.detail)
            _note(signup_id, state=SignupState.FAILED, error=reason, step="", finished_at=timezone.now())
            return
        _note(
            signup_id, state=SignupState.DONE, step="", progress=100, error="", brand=brand, finished_at=timezone.now()
        )


@shared_task(name="tenants.tasks.signup_mail_send")
def signup_mail_send(signup_id: str) -> None:
    """Mail the link. The row is locked while the mail goes out, so two workers don't both send it."""
    with platform_context(), transaction.atomic():
        signup = (
            BrandSignup.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=signup_id, state=SignupState.REQUESTED, mailed_at=None, mail_attempts__lt=MAX_MAIL_ATTEMPTS)
            .first()
        )
        if signup is None:
            return
        signup.mail_attempts += 1
        try:
            _link_mail(signup).send()
            signup.mailed_at = timezone.now()
        except Exception as error:  # noqa: BLE001 - whatever the mail server did: the sweeper tries again
            log.warning("mail of sign-up %s not sent: %s", signup_id, type(error).__name__)
        signup.save(update_fields=["mail_attempts", "mailed_at"])


@shared_task(name="tenants.tasks.signups_sweep")
def signups_sweep() -> int:
    """Pick up what a lost message or a dead worker left; forget wishes nobody confirmed. Returns how many it woke."""
    now = timezone.now()
    with platform_context():
        unmailed = BrandSignup.objects.filter(
            state=SignupState.REQUESTED,
            mailed_at=None,
            mail_attempts__lt=MAX_MAIL_ATTEMPTS,
            created_at__lt=now - WAKE_AGAIN_AFTER,
        )
        waiting = BrandSignup.objects.filter(
            Q(state=SignupState.QUEUED, confirmed_at__lt=now - WAKE_AGAIN_AFTER)
            | Q(state=SignupState.RUNNING, started_at__lt=now - STALE_AFTER)
        )
        jobs = [("tenants.tasks.signup_mail_send", pk) for pk in unmailed.values_list("pk", flat=True)[:100]]
        jobs += [("tenants.tasks.provision_signup", pk) for pk in waiting.values_list("pk", flat=True)[:20]]
        BrandSignup.objects.filter(state=SignupState.REQUESTED, created_at__lt=now - 2 * LINK_LIFETIME).delete()
    for task, pk in jobs:
        wake(task, pk)
    return len(jobs)


def _note(signup_id: str, **changes: object) -> None:
    """Write progress where the progress page sees it at once: outside any transaction."""
    assert connection.schema_name == "public"  # type: ignore[attr-defined]  # django-tenants'
    BrandSignup.objects.filter(pk=signup_id).update(**changes)


def _link_mail(signup: BrandSignup) -> EmailMultiAlternatives:
    with translation.override(signup.language):
        words = {
            "signup": signup,
            "link": platform_url(f"/signup/confirm/{signup_link_token(signup)}/"),
            "hours": int(LINK_LIFETIME.total_seconds() // 3600),
        }
        mail = EmailMultiAlternatives(
            subject=_("Confirm your brand %(name)s") % {"name": signup.name},
            body=render_to_string("platform/mail/confirm.txt", words),
            to=[signup.email],
        )
        mail.attach_alternative(render_to_string("platform/mail/confirm.html", words), "text/html")
    return mail
