# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m crocuta`."""

from crocuta import stops


def main() -> None:
    """Runs the command line; a signal ends it at once, without a traceback, even while it loads."""
    stops.watch()
    from crocuta.cli.app import app

    app()


if __name__ == "__main__":
    main()
