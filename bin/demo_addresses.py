"""What the demo prints once it runs: where to go, and who to log in as."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from itertools import groupby
from typing import TypedDict

from steps import ROOT, say


class Login(TypedDict, total=False):
    """One row of `manage.py demo_seed --print-logins`."""

    brand: str
    url: str
    role: str
    email: str
    password: str
    api_key: str


def is_healthy(port: int) -> bool:
    """Whether /healthz says 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def read_logins(env: dict[str, str]) -> list[Login]:
    """The seeded log-ins; none where the command has no words for it."""
    command = [sys.executable, "manage.py", "demo_seed", "--print-logins"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    try:
        rows: list[Login] = json.loads(result.stdout)
    except ValueError:
        return []
    return rows


def show(port: int, logins: list[Login]) -> None:
    """Print addresses that need no /etc/hosts (browsers resolve *.localhost themselves) and the log-ins per brand."""
    base = f"http://localhost:{port}"
    say(f"  Platform (sign up a brand)   {base}/")
    say(f"  Mail that was sent           {base}/mailbox/")
    for brand, rows in groupby(logins, key=lambda row: row.get("brand", "")):
        people = list(rows)
        home = people[0].get("url") or base
        say(f"\n  {brand:<28} {home}")
        if any(person.get("role") == "operator" for person in people):
            say(f"    console                    {home.rstrip('/')}/platform/")
        else:
            say(f"    admin                      {home.rstrip('/')}/admin/")
            say(f"    API documentation          {home.rstrip('/')}/api/docs/")
            say(f"    move its clock on          {home.rstrip('/')}/clock/")
        for person in people:
            if person.get("email"):
                say(f"    {person.get('role', ''):<26} {person['email']}  {person.get('password', '')}")
            if person.get("api_key"):
                say(f"    {'API key':<26} {person['api_key']}")
    say("\n  Ctrl-C stops everything and keeps the data. Logs: var/log/")
