"""`make bench`, or one by name: `make bench NAME=earn`. See docs/performance.md for what is measured and how."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from bench import cpu, sizes, stand
from bench.report import Finding, Report, say

NAMES = (
    "earn",
    "earn-sql",
    "bulk",
    "import",
    "replay",
    "rules",
    "balance",
    "hot",
    "tenancy",
    "brand",
    "night",
    "backtest",
    "quote",
    "hook",
)
LIMIT_SECONDS = 3600


def arguments(given: list[str]) -> list[str]:
    """The benches to run, in their order. From the command line, else from NAME, else all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args(given).names or os.environ.get("NAME", "").replace(",", " ").split()
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"there is no bench {unknown[0]!r}: {', '.join(NAMES)}")
    return [name for name in NAMES if not names or name in names]


def main(given: list[str] | None = None) -> int:
    """0, or 1 when a ledger is broken, something failed, or time ran out. A goal that isn't met is no failure."""
    names = arguments(sys.argv[1:] if given is None else given)
    size = sizes.chosen()
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGALRM, _interrupted)
    signal.alarm(LIMIT_SECONDS)
    begun = time.monotonic()
    say(f"Machine: {cpu.machine()}; client, web and PostgreSQL share it")
    say(f"Sizes: {size.name} (BENCH_SCALE=smoke|usual|full), {size.rounds} rounds of {size.seconds:g} s a side")
    say(f"Benches: {', '.join(names)}")
    with stand.cluster() as ready:
        say("Making the database")
        stand.command(ready, "manage.py", "platform_init", "--skip-checks")
        stand.django_start(ready)
        reports, sound = _measure(names, ready, size)
    _table(reports)
    say(f"\n{time.monotonic() - begun:.0f} s in all")
    return 0 if sound else 1


def _measure(names: list[str], ready: stand.Stand, size: sizes.Sizes) -> tuple[list[Report], bool]:
    # Only now: these import Django, whose settings have just been made.
    from bench.ground import Ground
    from bench.runs import (
        backtest,
        balance,
        brand,
        bulk,
        earn,
        earn_sql,
        hook,
        hot,
        importing,
        night,
        quote,
        replay,
        rules,
        tenancy,
    )
    from bench.seeding import invariants_say

    benches: dict[str, Callable[[Ground], Report]] = {
        "earn": earn.run,
        "earn-sql": earn_sql.run,
        "bulk": bulk.run,
        "import": importing.run,
        "replay": replay.run,
        "rules": rules.run,
        "balance": balance.run,
        "hot": hot.run,
        "tenancy": tenancy.run,
        "brand": brand.run,
        "night": night.run,
        "backtest": backtest.run,
        "quote": quote.run,
        "hook": hook.run,
    }
    ground = Ground(ready, size)
    reports = [benches[name](ground) for name in names]
    return reports, invariants_say()


def _table(reports: list[Report]) -> None:
    say("\nAll of it")
    for report in reports:
        for finding in report.findings:
            say(f"{report.bench:<9}{Finding.line(finding)}")


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise SystemExit("stopped: the time was over" if number == signal.SIGALRM else "stopped")


if __name__ == "__main__":
    sys.exit(main())
