"""Switches for what goes wrong: each matches some requests, a number of times.

{"method": "POST", "path": "/v1/subscriptions", "kind": "status", "status": 500, "times": 1}
kinds: `status` (answer with it instead of working) · `lost_reply` (do the work, then hang up) · `refused` (hang up
without working) · `slow` (`seconds` before the work).
"""

from typing import Any

from sandbox.stripe.account import Account

Json = dict[str, Any]
KINDS = frozenset({"status", "lost_reply", "refused", "slow"})


def take_fault(account: Account, method: str, path: str) -> Json | None:
    """The first switch that matches, used up by one."""
    for fault in account.faults:
        if fault.get("method", method) == method and path.startswith(fault.get("path", "/")):
            fault["times"] = int(fault.get("times", 1)) - 1
            if fault["times"] <= 0:
                account.faults.remove(fault)
            return fault
    return None
