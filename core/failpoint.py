"""Named places at which a trial may kill the process, to prove that nothing acknowledged is lost there.

Armed only by the environment variable STAMGAST_FAILPOINT="name" or "name:n" (the n-th passing) and only where
settings.SANDBOX is on; production settings don't set it.

An event on its way in:  book.before_read · book.before (read and judged) · book.after (committed, not answered)
  and, when its member moved meanwhile, book.in_transaction.
A file on its way in:    import.booked (the chunk is booked, its progress not noted) · import.noted
Codes on their way in:   codes.added (in the transaction that adds them) · codes.noted (after it)
A request with a key:    once.in_transaction (all written, not committed) · once.after (committed, not answered)
A message on its way out: outbox.before_send · outbox.before_mark (sent, not marked) · outbox.after_mark ·
  and, of a mail, mail.after_send.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings

_armed, _, _nth = os.environ.get("STAMGAST_FAILPOINT", "").partition(":")
_left = int(_nth or 1)


def failpoint(name: str) -> None:
    """Kill this process, hard, if the environment armed this place."""
    global _left
    if name != _armed or not getattr(settings, "SANDBOX", False):
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
