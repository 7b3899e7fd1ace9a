"""Settings of the programs that trials start and kill: the demo's, with a receiver that counts what reached it."""

from __future__ import annotations

from config.settings.local import *  # noqa: F403  (settings stand on settings)
from config.settings.local import INSTALLED_APPS, VAR_DIR

INSTALLED_APPS = [*INSTALLED_APPS, "tests.trials.receiver.ReceiverConfig"]
RECEIVER_DIR = VAR_DIR / "receiver"
LOGGING = {"version": 1, "disable_existing_loggers": False}
