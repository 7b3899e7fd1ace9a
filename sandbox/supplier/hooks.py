"""The stand-in's knock at the brand's door: signed, twice where it is told so, and of no importance when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from typing import Any


def tell(hook: dict[str, Any], order: dict[str, Any]) -> None:
    """hook: url, secret, times. Says only which order moved; the receiver asks for the rest."""
    if not hook.get("url"):
        return
    body = json.dumps({"reference": order["reference"], "state": order["state"]}).encode()
    moment = str(int(time.time()))
    signed = hmac.new(hook["secret"].encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Supplier-Signature": f"t={moment},v1={signed}",
        **hook.get("headers", {}),
    }
    for _time in range(int(hook.get("times", 1))):
        request = urllib.request.Request(hook["url"], data=body, headers=headers, method="POST")  # noqa: S310  (to loopback, where a test listens)
        try:
            urllib.request.urlopen(request, timeout=3).close()  # noqa: S310  (to loopback, where a test listens)
        except (urllib.error.URLError, OSError):
            return
