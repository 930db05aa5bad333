# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Used next to Verilator's makefile, whose settings it includes. `library` compiles Verilator's own
# library, `precompiled` compiles $(HEADER) with $(OPTIONS) to $(PRECOMPILED).

.PHONY: library precompiled
library: $(VK_GLOBAL_OBJS)
precompiled:
	$(CXX) $(OPTIONS) $(CXXFLAGS) $(CPPFLAGS) -MF /dev/null -x c++-header $(HEADER) -o $(PRECOMPILED)
