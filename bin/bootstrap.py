#!/usr/bin/env python3
"""Makes the virtual environment, installs into it, and runs a script in it: `python3 bin/bootstrap.py [SCRIPT ARGS…]`.

Standard library only. The top of this file runs on any Python 3, so that an old one gets words instead of a traceback.
"""

import os
import shutil
import sys

if sys.version_info < (3, 11):
    for newer in ("python3.13", "python3.12", "python3.11", "python3.14"):
        if shutil.which(newer):
            os.execv(shutil.which(newer), [newer, *sys.argv])
    sys.exit(
        "Stamgast needs Python 3.11 or later; this is %d.%d and no newer one was found.\n"
        "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv; macOS: brew install python@3.13)\n"
        "and run: make PYTHON=python3.11 …" % sys.version_info[:2]
    )

import fcntl
import hashlib
import importlib.util
import subprocess

from steps import ROOT, VENV, StepFailed, clean_environment, run_step, say

REQUIREMENTS = ROOT / "requirements-dev.txt"
PYTHON = VENV / "bin" / "python"
MARKER = VENV / ".stamgast-installed"
# pip's settings and what uv calls them: a machine with a mirror of its own has usually told only pip.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}


def main() -> int:
    """Install where needed, then become the script. Exit code 1 with words where something is missing."""
    try:
        install()
    except StepFailed as failed:
        say(f"Stopped at: {failed}")
        return 1
    except KeyboardInterrupt:
        return 130
    if len(sys.argv) > 1:
        os.execve(PYTHON, [str(PYTHON), *sys.argv[1:]], clean_environment())
    return 0


def install() -> None:
    """Virtual environment and packages, skipped in milliseconds when the recorded state is the wanted one."""
    if installed() == wanted():
        return
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "bootstrap.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # make demo and make test at the same time: one installs, one waits
        if installed() == wanted():
            return
        say("Setting up (once):")
        make_venv()
        install_requirements()
        MARKER.write_text(wanted())


def wanted() -> str:
    """What the environment should hold: the pinned requirements and where the environment lies (scripts name it)."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest} {VENV}"


def installed() -> str:
    """What the last complete installation recorded; empty where the environment's Python doesn't run any more."""
    try:
        return MARKER.read_text() if PYTHON.exists() else ""
    except OSError:
        return ""


def make_venv() -> None:
    """Create .venv unless its Python runs, is new enough and stands where it was made (its programs name the place)."""
    moved = MARKER.exists() and not MARKER.read_text().endswith(f" {VENV}")
    if PYTHON.exists() and not moved:
        check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        if subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0:
            return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        say(
            f"  This Python has no venv module. On Debian and Ubuntu: apt-get install python{version}-venv, then again."
        )
        raise StepFailed("Virtual environment")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    run_step("Virtual environment", command, "venv", env=clean_environment())


def install_requirements() -> None:
    """Install with uv (seconds), or with pip (a minute or two) where uv can't be had."""
    env = clean_environment()
    env["UV_COMPILE_BYTECODE"] = "1"
    uv = find_uv(env)
    if uv:
        command = [uv, "pip", "install", "--python", str(PYTHON), "-r", str(REQUIREMENTS)]
        try:
            run_step("Packages", command, "install", env={**uv_settings(), **env})
            return
        except StepFailed:
            say("  uv could not install them; trying pip.")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
    run_step("Packages (with pip, this takes a minute or two)", command, "install", env=env)


def find_uv(env: dict[str, str]) -> str | None:
    """uv from the environment or the machine, else installed into the environment; None where that fails."""
    found = shutil.which("uv", path=env["PATH"])
    if found:
        return found
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "uv"]
    try:
        run_step("Installer (uv)", command, "uv", env=env)
    except StepFailed:
        return None
    return str(VENV / "bin" / "uv")


def uv_settings() -> dict[str, str]:
    """pip's settings of this machine (its files and PIP_* variables) in uv's names."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found: dict[str, list[str]] = {}
    # ":env:" comes first in the list and wins in pip; the files follow from the most to the least general.
    for line in sorted(listed.stdout.splitlines(), key=lambda line: not line.startswith(":env:")):
        name, _, value = line.partition("=")
        setting = name.rpartition(".")[2]
        if setting in UV_NAMES and UV_NAMES[setting] not in found:
            found[UV_NAMES[setting]] = value.strip("'\"").replace("\\n", " ").split()
    settings = {name: " ".join(values) for name, values in found.items()}
    if "UV_INDEX" in settings:
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip looks at all indexes as one
    return settings


if __name__ == "__main__":
    sys.exit(main())
