"""python -m synthspec: the command line."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line on this process's arguments and return its exit code."""
    # other people's pydantic plug-ins have no business beside private rows, and cost start-up time
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from synthspec.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
