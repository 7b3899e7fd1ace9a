"""`make test` and `make check`: every stage with its time, and one summary at the end.

The cheap stages all run, whatever fails among them; the tests follow only when they pass. With CI=true a skipped test
fails the run, unless ALLOW_SKIPS names it (a comma-separated list of parts of test names or of reasons).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chromium import find_chromium

from steps import ROOT, VAR, VENV, clean_environment, say

sys.path.insert(0, str(ROOT))

from core.embedded.postgres import ensure_running, stop

BIN = VENV / "bin"
REPORTS = VAR / "test"
SESSION_SECONDS = 40 * 60  # of the 60 minutes that the whole may take


@dataclass
class Counts:
    """What the test runs said, added up."""

    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """A title and what to do; `run` returns whether it went well."""

    title: str
    run: Callable[[], bool]


def main() -> int:
    """Exit code 0 only if every stage passed and, in CI, nothing was skipped unasked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--static", action="store_true", help="only the cheap stages (make check)")
    parser.add_argument("--serial", action="store_true", help="one test process instead of two")
    options = parser.parse_args()
    REPORTS.mkdir(parents=True, exist_ok=True)
    env = clean_environment()
    counts = Counts()
    begun = time.monotonic()
    results: list[tuple[str, bool, float]] = []
    with database(env):
        for stage in static_stages(env):
            results.append(perform(stage))
        if not options.static and all(passed for _, passed, _ in results):
            env["CHROMIUM"] = find_chromium() or ""
            for stage in test_stages(env, counts, serial=options.serial):
                results.append(perform(stage))
    return summarize(results, counts, time.monotonic() - begun, tests=not options.static)


@contextmanager
def database(env: dict[str, str]) -> Iterator[None]:
    """The tests' server: yours where DATABASE_URL names one, else an embedded one, stopped when nobody else uses it."""
    env["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    if env.get("DATABASE_URL"):
        env.setdefault("DATABASE_OWNER_URL", env["DATABASE_URL"])
        yield
        return
    with (VAR / "testpg.users").open("a") as users:  # tests/database.py counts its users the same way
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster = ensure_running(VAR / "testpg", fsync=False)
        env["DATABASE_URL"], env["DATABASE_OWNER_URL"] = cluster.app_url, cluster.owner_url
        try:
            yield
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another test run still uses the test database; it is left running")
            else:
                stop(cluster)


def perform(stage: Stage) -> tuple[str, bool, float]:
    """Heading, run, time."""
    say(f"\n── {stage.title} " + "─" * max(3, 100 - len(stage.title)))
    begun = time.monotonic()
    passed = stage.run()
    seconds = time.monotonic() - begun
    say(f"   {'passed' if passed else 'FAILED'} in {seconds:.1f} s")
    return stage.title, passed, seconds


def command(env: dict[str, str], *parts: str | Path) -> Callable[[], bool]:
    """A stage's work: a program whose exit code decides, its output ours."""
    return lambda: subprocess.run([str(part) for part in parts], cwd=ROOT, env=env, check=False).returncode == 0


def static_stages(env: dict[str, str]) -> list[Stage]:
    """Lint, types, contracts, migrations, system checks, built files."""
    python, manage = BIN / "python", ROOT / "manage.py"
    stages = [
        Stage("Format (ruff format)", command(env, BIN / "ruff", "format", "--check", "--quiet", ".")),
        Stage("Lint (ruff)", command(env, BIN / "ruff", "check", "--output-format", "concise", ".")),
        Stage("Types (mypy)", command(env, BIN / "mypy")),
        Stage("Import contracts", command(env, BIN / "lint-imports", "--no-cache")),
        Stage("Migrations", command(env, python, manage, "makemigrations", "--check", "--dry-run")),
        Stage("System checks", command(env, python, manage, "check", "--fail-level", "WARNING")),
        Stage("Messages (every text in Dutch)", command(env, python, "bin/messages.py", "check")),
    ]
    if (ROOT / "assets" / "app.css").exists():
        stages.append(Stage("Styles (built from the templates)", lambda: styles_current(env)))
    return stages


def styles_current(env: dict[str, str]) -> bool:
    """Whether static/css/app.css is what the templates build now."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "app.css"
        build: list[str | Path] = [BIN / "tailwindcss", "-i", "assets/app.css", "-o", built, "--minify"]
        done = subprocess.run(build, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            say(done.stderr)
            return False
        if built.read_bytes() != (ROOT / "static/css/app.css").read_bytes():
            say("static/css/app.css is not what the templates build: run `make css` and commit it.")
            return False
    return True


def test_stages(env: dict[str, str], counts: Counts, *, serial: bool) -> list[Stage]:
    """The tests: all but the browser's on two processes, then the browser's alone."""
    workers = [] if serial else ["-n", "2", "--dist", "loadfile"]
    return [
        Stage("Messages (compile)", command(env, BIN / "python", "bin/messages.py", "compile")),
        Stage("Tests", lambda: run_pytest(env, counts, "tests", "-m", "not browser", *workers)),
        Stage("Browser tests", lambda: run_pytest(env, counts, "browser", "-m", "browser")),
    ]


def run_pytest(env: dict[str, str], counts: Counts, name: str, *arguments: str) -> bool:
    """One pytest run on our own stdout; its report is read for the summary. No test collected is a failure."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    options = [f"--junitxml={report}", f"--session-timeout={SESSION_SECONDS}", "-q", "--durations=8"]
    code = subprocess.run(
        [BIN / "python", "-m", "pytest", *arguments, *options], cwd=ROOT, env=env, check=False
    ).returncode
    if report.exists():
        add_report(report, counts)
    return code == 0


def add_report(report: Path, counts: Counts) -> None:
    """Add a JUnit file to the counts."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  (pytest wrote it a moment ago)
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif skipped is not None and skipped.get("type") != "pytest.xfail":
            counts.skipped.append(f"{name}: {skipped.get('message', '')}")
        else:
            counts.passed += 1


def unasked_skips(counts: Counts) -> list[str]:
    """Skips that ALLOW_SKIPS doesn't name."""
    allowed = [part.strip() for part in os.environ.get("ALLOW_SKIPS", "").split(",") if part.strip()]
    return [line for line in counts.skipped if not any(part in line for part in allowed)]


def summarize(results: list[tuple[str, bool, float]], counts: Counts, seconds: float, *, tests: bool) -> int:
    """Times, skips with their reasons, and the plain closing line."""
    say("\n" + "═" * 104)
    for title, passed, took in results:
        say(f"  {'ok  ' if passed else 'FAIL'}  {title:<40} {took:8.1f} s")
    say(f"        {'everything':<40} {seconds:8.1f} s")
    good = all(passed for _, passed, _ in results)
    if not good and tests and len(results) <= len(static_stages({})):
        say("\nThe tests did not run: first the stages above.")
    for line in counts.skipped:
        say(f"  skipped  {line}")
    if os.environ.get("CI") == "true" and unasked_skips(counts):
        say(f"\n{len(unasked_skips(counts))} tests were skipped; in CI that fails unless ALLOW_SKIPS names them.")
        good = False
    if counts.passed or counts.failed or counts.skipped:
        say(f"\n{counts.passed} passed, {counts.failed} failed, {len(counts.skipped)} skipped")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
