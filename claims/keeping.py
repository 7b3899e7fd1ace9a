"""Files are kept as long as they are needed: so many days after the decision, by the claim type. What they looked like
to the comparison stays (two numbers), so that the same file is still known when it comes again."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from claims.models import Claim, ClaimFile
from claims.selectors import claim_types
from core import clock
from loyalty.definition.claims import ClaimType
from loyalty.models import Program

AT_ONCE = 500
# Of a claim type that the program has no more.
USUAL_DAYS = ClaimType.__struct_defaults__[-1]


def files_forget() -> int:
    """Empty the files whose time is over, a chunk at a time. Returns how many; 0: none is due."""
    programs = Program.objects.filter(archived_at__isnull=True, stamp__gt=0)
    return sum(_of_program(program) for program in programs)


def _of_program(program: Program) -> int:
    now, known = clock.now(), claim_types(program.pk)
    decided = Claim.objects.filter(enrollment__program=program, decided_at__isnull=False)
    codes = decided.filter(files__removed_at__isnull=True, files__isnull=False).values_list("type", flat=True)
    forgotten = 0
    for code in sorted(set(codes)):
        days = known[code].keep_files_days if code in known else USUAL_DAYS
        due = decided.filter(type=code, decided_at__lte=now - timedelta(days=days))
        with transaction.atomic():
            rows = ClaimFile.objects.select_for_update(skip_locked=True).filter(claim__in=due, removed_at__isnull=True)
            ids = list(rows.values_list("pk", flat=True)[:AT_ONCE])
            forgotten += ClaimFile.objects.filter(pk__in=ids).update(content=b"", removed_at=now)
    return forgotten
