# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Beside Verilator's makefile, whose settings it takes: compiles $(HEADER) with $(OPTIONS) to
# $(PRECOMPILED).

.PHONY: precompiled
precompiled:
	$(CXX) $(OPTIONS) $(CXXFLAGS) $(CPPFLAGS) -MF /dev/null -x c++-header $(HEADER) -o $(PRECOMPILED)
