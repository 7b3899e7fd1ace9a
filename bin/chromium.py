"""Finds a Chromium for the browser tests, and installs Debian's where we may."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from steps import StepFailed, clean_environment, run_step, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)


def find_chromium() -> str | None:
    """Its path: $CHROMIUM, the machine's, or one installed now. None, the reason said, where there is none."""
    found = present()
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        env = clean_environment() | {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run_step("Package lists (apt-get update)", ["apt-get", "update", "-q"], "apt", env=env)
            run_step(
                "Chromium", ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], "apt", env=env
            )
        except StepFailed:
            say("  Chromium could not be installed.")
        found = present()
    if not found:
        say("  No Chromium here and no right to install one: the browser tests are SKIPPED and counted as such.")
        say("  Install it (Debian: apt-get install chromium), or set CHROMIUM to its path.")
    return found


def present() -> str | None:
    """A Chromium that is already there."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    on_path = next((path for path in map(shutil.which, NAMES) if path), None)
    return on_path or next((str(path) for path in APPLICATIONS if path.exists()), None)
