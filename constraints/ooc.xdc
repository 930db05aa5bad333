# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The kernel out of context: its clock, 300 MHz, and where the clock would enter, without which its
# delay is not known. Paths from and to the ports are timed only where there is something outside.

create_clock -name ap_clk -period 3.333 [get_ports ap_clk]
set_property HD.CLK_SRC BUFGCE_X0Y2 [get_ports ap_clk]
