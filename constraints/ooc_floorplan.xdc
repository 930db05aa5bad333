# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The kernel out of context in one SLR, as on the card.

create_pblock kernel
resize_pblock [get_pblocks kernel] -add SLR0
add_cells_to_pblock -top [get_pblocks kernel]
