"""`make demo` and `make dev`: database, brands, web and workers on this machine, and their addresses and log-ins.

Ctrl-C stops everything it started and keeps the data. Needs nothing but the virtual environment (bin/bootstrap.py).
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from processes import Program, Running
from steps import LOGS, ROOT, VAR, VENV, Progress, StepFailed, clean_environment, run_step, say

sys.path.insert(0, str(ROOT))

import demo_addresses as addresses
from core.embedded.errors import EmbeddedError
from core.embedded.postgres import ensure_running, stop_folder

PYTHON = str(VENV / "bin" / "python")
STATE = VAR / "demo.json"
SUPPLIER_PORT = 8099
STRIPE_PORT = 8098
# Ports that were chosen here: what is to listen there may not do so yet.
CHOSEN: set[int] = set()
FOLDERS = ("broker/queue", "broker/control", "broker/done", "log", "mailbox", "media")
START_SECONDS = 90


class Stop(Exception):
    """SIGTERM arrived."""


def main() -> int:
    """Exit code 0 after Ctrl-C or SIGTERM, 1 with the reason when something couldn't start or ended by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="Django's reloading server, debug pages, reloading workers")
    parser.add_argument("--until-ready", action="store_true", help="stop again as soon as everything answers")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop_on_signal)
    for folder in FOLDERS:
        (VAR / folder).mkdir(parents=True, exist_ok=True)
    try:
        with only_one():
            return launch(options)
    except (StepFailed, EmbeddedError) as problem:
        say(f"Stopped: {problem}")
        return 1
    except (KeyboardInterrupt, Stop):
        return 0


def stop_on_signal(number: int, frame: FrameType | None) -> None:
    """A second signal while stopping changes nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stop


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock that only one demo in this folder can hold; the second gets told about the first."""
    with (VAR / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = read_state()
            say(
                f"A demo already runs here (process {state.get('pid', '?')}): {state.get('url', 'it is just starting')}"
            )
            say("Stop it with Ctrl-C in its terminal before you start another one.")
            raise SystemExit(1) from None
        yield


def read_state() -> dict[str, object]:
    """What the demo that runs, or the last one that was killed, wrote about itself."""
    try:
        found: dict[str, object] = json.loads(STATE.read_text())
    except (OSError, ValueError):
        return {}
    return found


def launch(options: argparse.Namespace) -> int:
    """Start all of it, wait for the end, stop what we started."""
    begun = time.monotonic()
    running = Running()
    # A demo that was killed left its server running: that one is ours to stop as well.
    ours = bool(read_state().get("postgres"))
    env = clean_environment()
    env.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    env["VAR_DIR"] = str(VAR)
    try:
        ours = start_database(env) or ours
        port = free_port(int(os.environ.get("PORT", "8000")))
        env["PUBLIC_PORT"] = str(port)
        STATE.write_text(json.dumps({"pid": os.getpid(), "url": f"http://localhost:{port}/", "postgres": ours}))
        # Before the brands are made: one of them sells from it.
        running.start(supplier(env))
        running.start(local_stripe(env))
        prepare(env)
        for program in programs(env, port, dev=options.dev):
            running.start(program)
        wait_until_ready(running, port)
        say(f"\nReady after {time.monotonic() - begun:.1f} s.\n")
        addresses.show(port, addresses.read_logins(env))
        say(f"  The supplier that isn't one: {env['SUPPLIER_STAND_IN']}/_control")
        say(f"  The Stripe that isn't one:   {env['STRIPE_API_BASE']} (any key rk_test_… is an account)\n")
        return 0 if options.until_ready else watch(running, programs(env, port, dev=options.dev), dev=options.dev)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        say("\nStopping …")
        running.stop()
        if ours:
            stop_folder(VAR / "pg")
        STATE.unlink(missing_ok=True)
        say("Stopped. The data is kept in var/; `make demo` starts it again.")


def start_database(env: dict[str, str]) -> bool:
    """Fill in the two database addresses. True where the server is the embedded one and we started it."""
    if env.get("DATABASE_URL"):
        env.setdefault("DATABASE_OWNER_URL", env["DATABASE_URL"])
        say("  PostgreSQL … yours (DATABASE_URL)")
        return False
    begun = time.monotonic()
    progress = Progress("PostgreSQL")
    cluster = ensure_running(VAR / "pg")
    progress.end(f"{time.monotonic() - begun:.1f} s (var/pg, port {cluster.port})")
    env["DATABASE_URL"], env["DATABASE_OWNER_URL"] = cluster.app_url, cluster.owner_url
    return cluster.started_by_us


def prepare(env: dict[str, str]) -> None:
    """Messages, migrations, operator brand, demo brands. Each finds out itself that there is nothing left to do."""
    run_step("Messages", [PYTHON, "bin/messages.py", "compile"], "messages", env=env)
    run_step("Platform (migrations, operator brand)", [PYTHON, "manage.py", "platform_init"], "platform_init", env=env)
    run_step("Brands' tables", [PYTHON, "manage.py", "brands_migrate"], "brands_migrate", env=env)
    run_step("Demo brands (members and history)", [PYTHON, "manage.py", "demo_seed"], "demo_seed", env=env)


def supplier(env: dict[str, str]) -> Program:
    """The stand-in of a supplier of gift cards; where it is goes into the environment of all that start after it."""
    port = free_port(SUPPLIER_PORT)
    env["SUPPLIER_STAND_IN"] = f"http://127.0.0.1:{port}"
    command = [PYTHON, "-m", "sandbox.supplier", "--port", str(port), "--file", str(VAR / "supplier.json")]
    return Program("supplier", command, env)


def local_stripe(env: dict[str, str]) -> Program:
    """The stand-in of Stripe, its accounts kept; where it is goes into the environment of all that start after it."""
    port = free_port(STRIPE_PORT)
    env["STRIPE_API_BASE"] = f"http://127.0.0.1:{port}"
    command = [PYTHON, "-m", "sandbox.stripe", "--port", str(port), "--state", str(VAR / "stripe.json")]
    return Program("stripe", command, env)


def programs(env: dict[str, str], port: int, *, dev: bool) -> list[Program]:
    """Web, worker (with beat) and the provisioner, which alone connects as the database's owner."""
    celery = [PYTHON, "-m", "celery", "-A", "config.celery:app"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    if dev:
        env = {**env, "DEBUG": "1"}
        web = [PYTHON, "manage.py", "runserver", f"127.0.0.1:{port}"]
    else:
        web = [PYTHON, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--host", "127.0.0.1"]
        web += ["--port", str(port), "--workers", "2", "--blocking-threads", "4", "--no-ws"]
    web_env = env if dev else {**env, "DB_POOL": "1"}
    worker = [*celery, "worker", "-n", "worker@%h", "-Q", "celery", "-c", "2", "-B", *quiet]
    provisioner = [*celery, "worker", "-n", "provisioner@%h", "-Q", "provision", "--pool", "solo", *quiet]
    # The filesystem broker needs no schedule file: beat's schedule is in code and its state in the tables.
    return [
        Program("web", web, web_env),
        Program("worker", worker, env),
        Program("provisioner", provisioner, {**env, "STAMGAST_DB_ROLE": "owner"}),
    ]


def free_port(wanted: int) -> int:
    """`wanted`, or the next one up that is free."""
    for port in sorted(set(range(wanted, wanted + 100)) - CHOSEN):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port != wanted:
            say(f"  Port {wanted} is taken; using {port}.")
        CHOSEN.add(port)
        return port
    raise StepFailed(f"no free port between {wanted} and {wanted + 99}")


def wait_until_ready(running: Running, port: int) -> None:
    """Wait for the web's health and for both workers' greeting in their logs."""
    begun = time.monotonic()
    progress = Progress("Web and workers")
    last_tick = begun
    while not (addresses.is_healthy(port) and all(says_ready(name) for name in ("worker", "provisioner"))):
        ended = running.ended()
        if ended:
            progress.end("failed")
            running.report(ended)
            raise StepFailed(f"{ended} didn't start")
        if time.monotonic() - begun > START_SECONDS:
            progress.end("failed")
            raise StepFailed(f"no answer within {START_SECONDS} s; see {LOGS}")
        if time.monotonic() - last_tick >= 1:
            last_tick = time.monotonic()
            progress.tick(last_tick - begun)
        time.sleep(0.1)
    progress.end(f"{time.monotonic() - begun:.1f} s")


def says_ready(name: str) -> bool:
    """Celery's own word for it."""
    try:
        return b" ready." in (LOGS / f"{name}.log").read_bytes()
    except OSError:
        return False


def watch(running: Running, known: list[Program], *, dev: bool) -> int:
    """Stay until a signal (exception) or until a program ends by itself. In dev, restart workers when code changes."""
    seen = newest_source() if dev else 0.0
    while True:
        time.sleep(0.5)
        ended = running.ended()
        if ended:
            running.report(ended)
            return 1
        if dev and (now := newest_source()) > seen:
            seen = now
            workers = [program for program in known if program.name != "web"]
            running.stop([program.name for program in workers])
            for program in workers:
                running.start(program)
            say("  code changed: workers restarted")


def newest_source() -> float:
    """When a module of the product changed last."""
    rooms = (path.parent for path in ROOT.glob("*/__init__.py"))
    return max(path.stat().st_mtime for room in rooms for path in Path(room).rglob("*.py"))


if __name__ == "__main__":
    sys.exit(main())
