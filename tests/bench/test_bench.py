"""The benches' own machinery, without a server: arguments, sizes, rounds, requests. `make bench` runs the whole."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

import pytest

from bench import __main__ as entry
from bench import cpu, load, rounds, sizes
from bench.program import document, order
from bench.report import Finding
from bench.rounds import Sample, interleaved
from loyalty.definition.read import document_decode
from loyalty.payloads import payload_read

RUNS = Path(entry.__file__).parent / "runs"


def test_benches_are_chosen_by_argument_or_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAME", raising=False)
    assert entry.arguments([]) == list(entry.NAMES)
    assert entry.arguments(["bulk", "earn"]) == ["earn", "bulk"]
    monkeypatch.setenv("NAME", "hot")
    assert entry.arguments([]) == ["hot"]


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        entry.arguments(["earm"])
    assert "earm" in capsys.readouterr().err


def test_every_bench_has_its_module() -> None:
    # `import` is no name for a module.
    found = {path.stem.replace("_", "-").replace("importing", "import") for path in RUNS.glob("[a-z]*.py")}
    assert found == set(entry.NAMES)


def test_sizes_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_SCALE", raising=False)
    assert sizes.chosen() is sizes.USUAL
    monkeypatch.setenv("BENCH_SCALE", "1")
    assert (sizes.chosen().members, sizes.chosen().brands, sizes.chosen().rules) == (100_000, 20, 20)
    monkeypatch.setenv("BENCH_SCALE", "huge")
    with pytest.raises(ValueError, match="huge"):
        sizes.chosen()


def test_sides_take_turns_and_ratios_are_medians_of_rounds() -> None:
    taken: list[str] = []

    def side(name: str, rates: list[int]) -> rounds.Side:
        following = iter(rates)

        def run() -> Sample:
            taken.append(name)
            return Sample(next(following), 1.0, cpu=0.5)

        return run

    measured = interleaved({"a": side("a", [9, 1, 2, 9]), "b": side("b", [9, 2, 2, 2])}, 3)
    assert all(set(pair) == {"a", "b"} for pair in zip(taken[::2], taken[1::2], strict=True))
    assert rounds.rate_ratio(measured, "a", "b") == 1.0
    assert rounds.spread(measured, "a", "b") == (0.5, 4.5)


def test_a_goal_that_is_missed_is_said_not_raised() -> None:
    assert "NOT MET" in Finding("x", 0.1, 0.2).line()
    assert Finding("x", 1.2, 1.3, at_least=False).met
    assert Finding("x", 1.0).met is None


def test_the_program_and_its_order_are_what_the_product_takes() -> None:
    assert len(document_decode(document(20)).rules) == 20
    told = order("O-1", {"external_id": "c-1"}, occurred_at="2027-01-01T00:00:00+00:00")
    assert payload_read("order.paid", told["data"], own_types=frozenset())


@pytest.mark.parametrize("kind", ["get", "earn", "bulk", "redeem"])
def test_requests_are_whole_and_never_the_same(kind: str) -> None:
    target = {"host": "shop1.localhost", "key": "k", "members": 5, "paths": ["/a", "/b"]}
    work = {"kind": kind, "targets": [target], "run": "r", "rows": 3, "reward": "x"}
    made = list(itertools.islice(load.requests_of(work), 5))
    for request in made:
        head, _blank, body = request.partition(b"\r\n\r\n")
        assert b"Host: shop1.localhost" in head
        assert not body or (f"Content-Length: {len(body)}".encode() in head and json.loads(body))
    assert kind == "get" or len(set(made)) == 5


def test_cpu_of_this_process_can_be_read() -> None:
    assert cpu.tree_seconds(os.getpid()) > 0 or not cpu.PROC.exists()
    assert "cores" in cpu.machine()
