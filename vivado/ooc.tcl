# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# make ooc: the kernel alone, out of context, from synthesis to routing at 300 MHz.

source -notrace [file join [file dirname [file normalize [info script]]] common.tcl]

set directory [start ooc]
set_part $part
read_verilog -sv [rtl_files]
read_verilog [top_file]
read_xdc -mode out_of_context [constraints ooc]
synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy rebuilt
write_checkpoint -force [file join $directory synthesised.dcp]
# After synthesis, because it places.
read_xdc -mode out_of_context [constraints ooc_floorplan]
implement $directory
gate ooc $directory
