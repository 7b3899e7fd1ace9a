"""What many brands cost: the same read with 1, 20 and 200 hosts, against one schema without any tenancy.

A connection plans a brand's functions when it first meets the brand. In rounds of seconds over many hosts that is most
of what is measured; a server that has been up for longer has it behind it. So the most hosts are measured twice: as the
server starts, and after every connection has met every host.
"""

from __future__ import annotations

from bench.ground import Ground, targets
from bench.report import Report
from bench.rounds import Side, interleaved
from bench.runs.balance import balance_work
from bench.runs.earn import earn_side
from bench.web import CONNECTIONS, load_side, web

NONE = "no tenancy"
# So many requests for each pair of a connection and a host: with hosts picked blindly, nearly all have met then.
MEETINGS = 8


def run(ground: Ground) -> Report:
    report = Report("tenancy", "balance read and earning with 1, 20, 200 hosts ÷ one schema and no tenancy")
    report.begin()
    sizes = ground.sizes
    shops = ground.hosts(max(sizes.hosts))
    single = {"settings": "bench.settings_single", "BENCH_SINGLE_SCHEMA": shops[0].schema}
    with web(ground.stand) as many, web(ground.stand, **single) as alone:
        reads: dict[str, Side] = {
            f"read, {count} hosts": load_side(many, balance_work(shops[:count]), seconds=sizes.seconds)
            for count in sizes.hosts
        }
        reads[f"read, {NONE}"] = load_side(alone, balance_work(shops[:1]), seconds=sizes.seconds)
        read = interleaved(reads, sizes.rounds)
        most = sizes.hosts[-1]
        warm: dict[str, Side] = {
            f"read, {most} hosts, all met": load_side(many, balance_work(shops[:most]), seconds=sizes.seconds),
            f"read, {NONE}": reads[f"read, {NONE}"],
        }
        sent = _meet(warm[f"read, {most} hosts, all met"], most)
        report.note(f"{sent:,} requests so that every connection has met {most} hosts")
        met = interleaved(warm, sizes.rounds)
        few = sizes.hosts[1]
        earn = interleaved(
            {
                f"earn, {few} hosts": earn_side(many, targets(shops[:few]), sizes.seconds),
                f"earn, {NONE}": earn_side(alone, targets(shops[:1]), sizes.seconds),
            },
            max(1, sizes.rounds - 2),
        )
    report.sides(read)
    report.sides(met)
    report.sides(earn)
    for count in sizes.hosts:
        report.ratio(read, f"read, {count} hosts", f"read, {NONE}", goal=0.8)
    report.ratio(met, f"read, {most} hosts, all met", f"read, {NONE}", goal=0.8)
    report.ratio(earn, f"earn, {few} hosts", f"earn, {NONE}", goal=0.8)
    return report


def _meet(side: Side, hosts: int) -> int:
    done = 0
    while done < MEETINGS * CONNECTIONS * hosts:
        done += side().operations
    return done
