"""Counts a part of a backtest to its end: `python -m bench.backtester`, told by JSON. A worker's process, in short."""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    import django

    django.setup()
    from loyalty.backtests import work
    from loyalty.models import BacktestPart
    from tenants.context import brand_context, platform_context
    from tenants.models import Brand

    told = json.load(sys.stdin)
    work.TURN_SECONDS = float("inf")
    with platform_context():
        brand = Brand.objects.get(schema_name=told["schema"])
    with brand_context(brand):
        before = time.process_time()
        work.part_work(part_id=told["part"])
        part = BacktestPart.objects.get(pk=told["part"])
    json.dump(
        {"done": part.done, "cpu": time.process_time() - before, "finished": part.finished_at is not None}, sys.stdout
    )


if __name__ == "__main__":
    main()
