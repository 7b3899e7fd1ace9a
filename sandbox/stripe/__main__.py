"""`python -m sandbox.stripe --host 127.0.0.1 --port 0 [--state FILE]`: prints its address, ends on SIGTERM with the
state kept."""

import argparse
import signal
import threading
from pathlib import Path

from sandbox.stripe.server import running


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.stripe", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path)
    wanted = parser.parse_args()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with running(wanted.host, wanted.port, wanted.state) as server:
        print(f"Local Stripe at {server.url}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
