# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The kernel next to memory 0. vivado/bitstream.tcl assigns the SmartConnects to SLRs; the placer
# puts everything else near the pins that it serves.

create_pblock kernel
resize_pblock [get_pblocks kernel] -add SLR0
add_cells_to_pblock [get_pblocks kernel] [get_cells crocuta_u200_i/kernel]
