# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m crocuta`."""

from crocuta.cli.app import main

main()
