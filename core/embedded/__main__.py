"""`python -m core.embedded start|stop FOLDER`: the cluster by hand, its addresses as lines for a shell."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.embedded.errors import EmbeddedError
from core.embedded.postgres import ensure_running, stop_folder


def main() -> int:
    """Exit code 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m core.embedded", description=__doc__)
    parser.add_argument("action", choices=["start", "stop"])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--throwaway",
        action="store_true",
        help="no fsync: for clusters that may be lost",
    )
    arguments = parser.parse_args()
    try:
        if arguments.action == "stop":
            stop_folder(arguments.folder)
            return 0
        cluster = ensure_running(arguments.folder, fsync=not arguments.throwaway)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"export DATABASE_URL={cluster.app_url}")
    print(f"export DATABASE_OWNER_URL={cluster.owner_url}")
    print(f"export SUPERUSER_URL={cluster.superuser_url}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
