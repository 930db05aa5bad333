# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Benches: cocotb modules (bench_*.py), their environments, and the registry that lists them."""
