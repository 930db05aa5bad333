# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Used next to Verilator's makefile, whose settings it includes. Reading the headers takes longer than
# compiling what follows, so each target reads them once: `library` compiles Verilator's own library to
# $(LIBRARY), `precompiled` compiles $(HEADER), and `whole` compiles a design and its main program with
# $(HEADER) and links them to $(PRODUCT).

.PHONY: library precompiled whole
library:
	printf '#include "%s.cpp"\n' $(VM_GLOBAL_FAST) $(VM_GLOBAL_SLOW) | \
	  $(CXX) $(OPT_GLOBAL) $(CXXFLAGS) $(CPPFLAGS) -MF /dev/null -x c++ -c - -o $(LIBRARY)
precompiled:
	$(CXX) $(OPT_FAST) $(CXXFLAGS) $(CPPFLAGS) -MF /dev/null -x c++-header $(HEADER) -o $(HEADER).gch
whole:
	printf '#include "%s.cpp"\n' $(VM_USER_CLASSES) $(VM_FAST) $(VM_SLOW) | \
	  $(CXX) $(OPT_FAST) -include $(HEADER) $(CXXFLAGS) $(CPPFLAGS) $(addprefix -I, $(VM_USER_DIR)) \
	  -MF /dev/null -x c++ - -x none $(LDFLAGS) $(LDLIBS) -o $(PRODUCT)
