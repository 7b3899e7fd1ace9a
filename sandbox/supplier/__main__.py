"""`python -m sandbox.supplier --port 8099 [--file var/supplier.json]`: serves until it is stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.supplier.books import Books
from sandbox.supplier.server import Server

DEMO_KEY = "stand-in-key-for-the-demo"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=DEMO_KEY)
    parser.add_argument("--balance", type=int, default=500_000)
    parser.add_argument("--file", type=Path, default=None)
    told = parser.parse_args()
    server = Server(told.port, Books(key=told.key, balance_minor=told.balance, file=told.file))
    print(f"ready on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
