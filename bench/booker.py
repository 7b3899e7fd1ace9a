"""Calls loyalty_book() again and again with one plan on members of its own: `python -m bench.booker`, told by JSON."""

from __future__ import annotations

import json
import random
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg

CALL = "SELECT loyalty_book(%s::bigint[], %s::bigint[], %s, %s::jsonb)::text"
MEMBERS = """
    SELECT e.id, e.version, e.member_id, a.id, a.balance + a.pending + a.reserved
    FROM loyalty_enrollment e JOIN loyalty_pointsaccount a ON a.enrollment_id = e.id
    WHERE e.id %% %s = %s ORDER BY e.id
"""


class Booker:
    """plan: as the engine made it for one member; everything in it that names that member or event is replaced."""

    def __init__(self, told: dict[str, Any], connection: psycopg.Connection[Any]) -> None:
        self.plan, self.run, self.connection = told["plan"], told["run"], connection
        self.members = [list(row) for row in connection.execute(MEMBERS, [told["parts"], told["part"]])]
        self.pick = random.Random(told["run"])
        self.number = 0

    def book(self) -> bool:
        """One call. False when it answered that the version has moved, which nobody else should make happen."""
        member = self.members[self.pick.randrange(len(self.members))]
        self.number += 1
        enrollment, version = member[0], member[1]
        text = self._plan(member)
        row = self.connection.execute(CALL, [[enrollment], [version], datetime.now(UTC), text], prepare=True).fetchone()
        member[1] += 1
        return row is not None and row[0] == "{}"

    def _plan(self, member: list[int]) -> str:
        enrollment, _version, member_id, account, _held = member
        event_id, name = str(uuid.uuid4()), f"{self.run}-{self.number}"
        plan = self.plan
        for event in plan["events"]:
            event.update(id=event_id, external_id=name, member_id=member_id)
        for order in plan.get("orders", ()):
            order.update(event_id=event_id, number=name, member_id=member_id)
        for award in plan.get("awards", ()):
            member[4] += award["points"]
            award.update(event_id=event_id, account=account, balance_after=member[4], order_number=name)
        for counter in plan.get("counters", ()):
            counter["enrollment"] = enrollment
        for standing in (*plan.get("standings", ()), *plan.get("tier_changes", ())):
            standing["enrollment"] = enrollment
        for message in plan.get("outbox", ()):
            message["payload"]["event_id"] = event_id
        return json.dumps(plan)


def main() -> None:
    told = json.load(sys.stdin)
    options = f"-c search_path={told['schema']},public -c timezone=UTC"
    with psycopg.connect(told["url"], autocommit=True, options=options) as connection:
        booker = Booker(told, connection)
        begun, done, stale = time.monotonic(), 0, 0
        while (spent := time.monotonic() - begun) < told["seconds"]:
            if booker.book():
                done += 1
            else:
                stale += 1
    json.dump({"done": done, "stale": stale, "seconds": spent}, sys.stdout)


if __name__ == "__main__":
    main()
