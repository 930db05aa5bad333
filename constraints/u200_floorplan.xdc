# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The kernel next to memory 0, and each SmartConnect on the side of the SLR boundary that its
# register slices assume. The placer puts everything else near the pins that it serves.

create_pblock kernel
resize_pblock [get_pblocks kernel] -add SLR0
add_cells_to_pblock [get_pblocks kernel] [get_cells crocuta_u200_i/kernel]

set_property USER_SLR_ASSIGNMENT SLR0 [get_cells crocuta_u200_i/memory0_ports]
set_property USER_SLR_ASSIGNMENT SLR1 [get_cells {
    crocuta_u200_i/control crocuta_u200_i/host
    crocuta_u200_i/memory1_ports crocuta_u200_i/memory2_ports
}]
