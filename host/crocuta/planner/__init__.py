# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts the resources, clocks and SNR of a configuration without building it."""
