# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The kernel out of context: its 300 MHz clock, and the clock's entry point, without which Vivado
# does not know the clock delay. Paths from and to the ports are timed only in a design around the
# kernel.

create_clock -name ap_clk -period 3.333 [get_ports ap_clk]
set_property HD.CLK_SRC BUFGCE_X0Y2 [get_ports ap_clk]
