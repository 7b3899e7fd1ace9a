"""Two requests that come first, together, must not cost a web worker its life."""

from __future__ import annotations

import os
import subprocess
import sys

from core.structs import structs_prepare

FIRST_USE = """
import sys, threading
import django
django.setup()
import msgspec
from core.structs import structs_prepare
from loyalty.definition.document import Document
if sys.argv[1] == "prepared":
    structs_prepare()
sys.setswitchinterval(1e-6)
together = threading.Barrier(4)
rule = {"code": "a", "name": "A", "trigger": "x.y", "effects": [{"kind": "points_fixed", "currency": "p", "points": 1}]}
document = {"schema": 1, "program": {"name": "Club"}, "currencies": [], "rules": [rule]}
def use():
    together.wait()
    msgspec.convert(document, Document)
threads = [threading.Thread(target=use) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def first_use(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", FIRST_USE, how], env=os.environ, capture_output=True, check=False)
    return done.returncode


def test_first_use_of_a_shape_by_several_threads_is_safe_once_prepared() -> None:
    assert [first_use("prepared") for _attempt in range(2)] == [0, 0]


def test_without_preparing_it_is_not() -> None:
    """The control. When it fails for good, msgspec has learnt to do it and core/structs.py can go."""
    assert any(first_use("plain") < 0 for _attempt in range(6))


def test_every_shape_that_is_decoded_is_among_the_prepared() -> None:
    assert structs_prepare() > 50
