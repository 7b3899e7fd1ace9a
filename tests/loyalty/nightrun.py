"""A night in a process of its own, some rows at a time, to be killed: python -m tests.loyalty.nightrun <slug>."""

from __future__ import annotations

import sys

import django

django.setup()


def main(slug: str) -> None:
    from loyalty import nightly, tiernights
    from loyalty.models import Program
    from tenants.context import brand_context, platform_context
    from tenants.models import Brand

    nightly.LOTS_AT_ONCE = tiernights.AT_ONCE = tiernights.ONE_BY_ONE = 3
    with platform_context():
        brand = Brand.objects.get(slug=slug)
    with brand_context(brand):
        nightly.nightly_run(program=Program.objects.get())


if __name__ == "__main__":
    main(sys.argv[1])
