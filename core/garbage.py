"""How often Python looks for rings of objects that nobody holds.

By default a process that judges events does so every seven hundred objects, over and over through the same frameworks:
a fifth of its time. What is loaded at the start stays for the process's life, and nearly all else goes by itself.
"""

from __future__ import annotations

import gc

# Objects of the youngest age before it is looked through; then of how many such rounds one goes further.
THRESHOLDS = (20_000, 20, 50)


def garbage_rarely() -> None:
    """Call once, when a process has loaded what it needs."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
