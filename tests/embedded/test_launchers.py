"""What `make` starts: words instead of tracebacks, one demo at a time, nothing left behind, no skip unseen."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """bin/ importable, its files and logs in a folder of the test's."""
    monkeypatch.syspath_prepend(str(ROOT / "bin"))
    import steps

    monkeypatch.setattr(steps, "VAR", tmp_path)
    monkeypatch.setattr(steps, "LOGS", tmp_path / "log")
    yield
    for name in ("bootstrap", "chromium", "demo", "demo_addresses", "messages", "processes", "run_tests", "steps"):
        sys.modules.pop(name, None)


def script(name: str) -> ModuleType:
    return __import__(name)


def test_a_python_without_venv_is_told_what_to_install(
    scripts: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bootstrap = script("bootstrap")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "none")
    monkeypatch.setattr(bootstrap, "MARKER", tmp_path / "marker")
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(bootstrap.StepFailed):
        bootstrap.make_venv()
    assert "apt-get install python3." in capsys.readouterr().out


def test_an_old_python_gets_words_before_anything_it_cannot_read() -> None:
    source = (ROOT / "bin/bootstrap.py").read_text()
    head, _, rest = source.partition("\nimport fcntl\n")
    assert "sys.version_info < (3, 11)" in head
    assert rest
    # What an old Python meets first must be readable by it: nothing that 3.6 doesn't know.
    compile(head, "bootstrap.py", "exec", dont_inherit=True, flags=0, _feature_version=6)


def test_pips_settings_reach_uv(scripts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = script("bootstrap")
    listed = "global.cert='/other'\nglobal.extra-index-url='file:///a file:///b'\n:env:.cert='/certs.pem'\nglobal.timeout='9'"
    done = subprocess.CompletedProcess([], 0, stdout=listed)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *arguments, **options: done)
    assert bootstrap.uv_settings() == {
        "SSL_CERT_FILE": "/certs.pem",
        "UV_INDEX": "file:///a file:///b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_a_failing_step_shows_its_last_lines(scripts: None, capsys: pytest.CaptureFixture[str]) -> None:
    steps = script("steps")
    with pytest.raises(steps.StepFailed):
        steps.run_step("Try", [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], "try")
    said = capsys.readouterr().out
    assert "Try … failed" in said
    assert "the reason" in said


def test_a_second_demo_is_told_about_the_first(
    scripts: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    demo = script("demo")
    monkeypatch.setattr(demo, "VAR", tmp_path)
    monkeypatch.setattr(demo, "STATE", tmp_path / "demo.json")
    (tmp_path / "demo.json").write_text('{"pid": 4242, "url": "http://localhost:8000/"}')
    with (tmp_path / "demo.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SystemExit), demo.only_one():
            raise AssertionError("both got in")
    assert "4242" in (said := capsys.readouterr().out)
    assert "http://localhost:8000/" in said
    with demo.only_one():
        pass


def test_a_taken_port_is_passed_over(scripts: None) -> None:
    demo = script("demo")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < demo.free_port(port) < port + 100


def test_what_was_started_is_stopped_with_its_children(
    scripts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = script("processes")
    running = processes.Running()
    stubborn = "trap '' TERM; sleep 300 & echo $! > child; wait"
    env = {**os.environ, "PWD": str(tmp_path)}
    command = ["sh", "-c", f"cd {tmp_path}; {stubborn}"]
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    running.start(processes.Program("stubborn", command, env))
    child = tmp_path / "child"
    deadline = time.monotonic() + 10
    while not (child.exists() and child.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.stop()
    pid = int(child.read_text())
    assert gone(pid)
    assert running.children == {}


def test_children_end_when_the_launcher_is_killed(scripts: None, tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux can tie a child to its parent")
    code = (
        f"import sys, os, time; sys.path.insert(0, {str(ROOT / 'bin')!r}); import processes\n"
        "running = processes.Running()\n"
        "running.start(processes.Program('orphan', ['sleep', '300'], dict(os.environ)))\n"
        "print(running.children['orphan'].pid, flush=True); time.sleep(300)"
    )
    environment = {**os.environ, "VAR_DIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        launcher.send_signal(signal.SIGKILL)
    assert gone(pid)


def gone(pid: int) -> bool:
    """Whether the process ends within five seconds; one that ended but has no parent to collect it counts."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def test_a_program_that_ends_is_named_with_its_last_words(scripts: None, capsys: pytest.CaptureFixture[str]) -> None:
    processes = script("processes")
    running = processes.Running()
    running.start(processes.Program("web", ["sh", "-c", "echo port gone; exit 3"], dict(os.environ)))
    running.children["web"].wait()
    assert running.ended() == "web"
    running.report("web")
    said = capsys.readouterr().out
    assert "exit code 3" in said
    assert "port gone" in said


def test_in_ci_a_skip_fails_unless_it_is_named(scripts: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run_tests = script("run_tests")
    report = tmp_path / "tests.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="one"/>'
        '<testcase classname="b" name="two"><skipped type="pytest.skip" message="no Chromium here"/></testcase>'
        '<testcase classname="c" name="three"><failure/></testcase></testsuite></testsuites>'
    )
    counts = run_tests.Counts()
    run_tests.add_report(report, counts)
    assert (counts.passed, counts.failed, counts.skipped) == (1, 1, ["b::two: no Chromium here"])
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("ALLOW_SKIPS", raising=False)
    assert run_tests.summarize([], counts, 1.0, tests=True) == 1
    monkeypatch.setenv("ALLOW_SKIPS", "something else, no Chromium")
    assert run_tests.unasked_skips(counts) == []
    assert run_tests.summarize([], counts, 1.0, tests=True) == 0


def test_marked_texts_are_found_in_modules_and_templates(scripts: None) -> None:
    messages = script("messages")
    module = 'a = _("One")\nb = ngettext("%(n)s point", "%(n)s points", n)\nc = _(name)\nd = pgettext("verb", "Earn")'
    assert list(messages.from_module(module)) == [
        (None, "One", None),
        (None, "%(n)s point", "%(n)s points"),
        ("verb", "Earn", None),
    ]
    template = '{% load i18n %}{% translate "It\'s here" %}{% blocktranslate trimmed %}\n Hi\n {{ name }}'
    template += "{% endblocktranslate %}"
    assert [key[1] for key in messages.from_template(template)] == ["It's here", "Hi %(name)s"]
