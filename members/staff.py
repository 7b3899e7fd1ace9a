"""The brand's staff: users with a role. Who may invite is decided at the edge; what an invitation does, here."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from core.actor import Actor, system
from core.audit import audit_record
from core.errors import InvalidInput
from members.errors import LastOwner, UnknownRole
from members.letters import letter_queue
from members.models import User
from members.roles import OWNER, ROLES, roles_sync
from members.tokens import BrandTokenGenerator
from tenants.models import Brand, BrandSignup


def staff_invite(*, email: str, name: str = "", role: str, actor: Actor, language: str = "en") -> User:
    """Give somebody a role and mail them the way in. InvalidInput, UnknownRole.

    A new person gets a link that sets their password; nobody can log in before. Somebody who signed up with this
    address but never proved it may be anyone, so their password is thrown away. A proven log-in keeps its own.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput(_("This is not an e-mail address."), field="email") from None
    _role_check(role)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email__iexact=email).first()
        if user is None:
            user = User.objects.create_user(
                email, None, name=name.strip()[:120], language=language, language_chosen=False
            )
        proven = user.has_usable_password() and EmailAddress.objects.filter(user=user, verified=True).exists()
        if not proven:
            _password_by_link_only(user)
        _role_give(user, role)
        audit_record(
            actor=actor.name, action="staff.invited", object_type="user", object_id=user.pk, changes={"role": role}
        )
        letter_queue(
            kind="staff_invitation",
            to=user.email,
            language=user.language,
            path=reverse("account_login") if proven else password_link(user),
            name=user.name,
            role=role,
            has_password=proven,
        )
    return user


def staff_role_set(*, user: User, role: str | None, actor: Actor) -> User:
    """Change somebody's role; None takes them off the staff. UnknownRole, LastOwner. Holds from their next request."""
    if role is not None:
        _role_check(role)
    with transaction.atomic():
        owners = list(
            User.objects.select_for_update(of=("self",))
            .filter(groups__name=OWNER, is_active=True)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        current = User.objects.select_for_update().get(pk=user.pk)
        if role != OWNER and owners == [current.pk]:
            raise LastOwner()
        before = sorted(set(current.groups.values_list("name", flat=True)) & ROLES.keys())
        _role_give(current, role)
        audit_record(
            actor=actor.name,
            action="staff.role_set",
            object_type="user",
            object_id=current.pk,
            changes={"role": [", ".join(before) or None, role]},
        )
    return current


def password_link(user: User) -> str:
    """Path of the page where this person sets their password; good once, for PASSWORD_RESET_TIMEOUT."""
    key = BrandTokenGenerator().make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


def owner_make(brand: Brand, signup: BrandSignup) -> None:
    """Hook of provisioning: the brand's first owner. The operator's is also the platform's administrator."""
    if Group.objects.filter(name__in=ROLES).count() < len(ROLES):
        roles_sync()
    owner = staff_invite(email=signup.email, role=OWNER, actor=system("provisioning"), language=signup.language)
    if brand.is_operator:
        owner.is_superuser = True
        owner.save(update_fields=["is_superuser"])


def _role_check(role: str) -> None:
    if role not in ROLES:
        raise UnknownRole(_("Choose one of: %(roles)s.") % {"roles": ", ".join(ROLES)}, field="role")


def _role_give(user: User, role: str | None) -> None:
    """Exactly this role of the four; groups that the brand made itself stay."""
    user.groups.remove(*Group.objects.filter(name__in=ROLES))
    if role is not None:
        user.groups.add(Group.objects.get(name=role))
    user.is_staff = role is not None
    user.save(update_fields=["is_staff"])


def _password_by_link_only(user: User) -> None:
    """Whoever sets the password does so from this mailbox, so the address is as good as proven."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    address, _made = EmailAddress.objects.get_or_create(user=user, email=user.email.lower())
    EmailAddress.objects.filter(user=user).exclude(pk=address.pk).delete()
    EmailAddress.objects.filter(pk=address.pk).update(verified=True, primary=True)
