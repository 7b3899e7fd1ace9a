"""Which addresses a brand may have. The address becomes a host name and the name of a schema."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput
from tenants.models import Brand, BrandSignup

MIN_LENGTH, MAX_LENGTH = 3, 40
PATTERN = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*", re.ASCII)
# Names that would pass for the platform's own, that mail and web conventions claim, or that our schemas use.
_RESERVED = (
    "about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover "
    "billing blog brand brands cdn console contact demo dev dns docs download email example ftp help "
    "hostmaster imap info internal invalid legal local localhost login mail mailer media member members "
    "monitoring mta-sts noreply no-reply ns ns1 ns2 null oauth operator partner partners pay payments "
    "platform pop portal postmaster privacy public root secure security server shop signup smtp sso staff "
    "staging stamgast static status support system template template-brand terms test testing token "
    "undefined webhook webhooks webmail webmaster wpad www "
)
RESERVED = frozenset(_RESERVED.split())


class SlugInvalid(InvalidInput):
    code = "slug_invalid"
    title = _("This address can't be used.")
    hint = _("Use 3 to 40 small letters, digits and single hyphens, starting with a letter.")


class SlugReserved(InvalidInput):
    code = "slug_reserved"
    title = _("This address is kept for the platform itself.")
    hint = _("Choose another address.")


class SlugTaken(Conflict):
    code = "slug_taken"
    title = _("This address is taken.")
    hint = _("Choose another address.")


def schema_of(slug: str) -> str:
    """The schema of a brand with this address: `b_` and the address, hyphens as underscores."""
    return "b_" + slug.replace("-", "_")


def slug_check(slug: str, *, reserved_too: bool = True) -> str:
    """The address if it may be used as it is. Raises SlugInvalid, SlugReserved."""
    if not MIN_LENGTH <= len(slug) <= MAX_LENGTH or not PATTERN.fullmatch(slug) or slug.startswith("xn--"):
        raise SlugInvalid(field="slug")
    if reserved_too and slug in RESERVED:
        raise SlugReserved(field="slug")
    return slug


def slug_free(slug: str) -> str:
    """The address if nobody has it. Two addresses may not share a schema either. Raises SlugTaken. Public context."""
    held = BrandSignup.objects.filter(slug=slug, state__in=["queued", "running"])
    if Brand.objects.filter(schema_name=schema_of(slug)).exists() or held.exists():
        raise SlugTaken(field="slug")
    return slug
