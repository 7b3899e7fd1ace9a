"""What a brand keeps of its members besides the product's own fields: names with plain values, for rules to ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from core.errors import InvalidInput

MOST, LONGEST = 50, 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z")


def attributes_changed(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with those given put in; null takes one out. InvalidInput names the attribute."""
    after = dict(before)
    for name, value in given.items():
        if not _NAME.match(name):
            raise InvalidInput(
                _("An attribute's name has letters, digits and underscores, 60 at most."),
                field=f"attributes.{name[:60]}",
            )
        if value is None:
            after.pop(name, None)
        elif _plain(value):
            after[name] = value
        else:
            raise InvalidInput(
                _("An attribute is a text of at most 200 characters, a number, true, false, or a list of 20 such."),
                field=f"attributes.{name}",
            )
    if len(after) > MOST:
        raise InvalidInput(_("At most %(n)d attributes.") % {"n": MOST}, field="attributes")
    return after


def time_zone_checked(name: str) -> str:
    """ "" or an IANA name. InvalidInput."""
    if name and name not in available_timezones():
        raise InvalidInput(_("There is no such time zone. Say one such as Europe/Amsterdam."), field="time_zone")
    return name


def _plain(value: Any, *, inside: bool = False) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST and "\x00" not in value
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return -(2**53) <= value <= 2**53
    return not inside and isinstance(value, list) and len(value) <= 20 and all(_plain(v, inside=True) for v in value)
