# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# make ooc: the kernel alone, out of context, from synthesis to routing at 300 MHz. Also writes
# netlists for make netlist: of the kernel, and of its arithmetic modules, whose wrappers
# flow/build.py writes to build/vivado/CONFIG/cells.

source -notrace [file join [file dirname [file normalize [info script]]] common.tcl]

set directory [start ooc]
set netlists [file join $directory netlists]
file mkdir $netlists
set_part $part
read_verilog -sv [rtl_files]
# Before reading the constraints, whose ports the arithmetic modules do not have.
foreach cell [lsort [glob [file join $build cells *.v]]] {
    set name [file rootname [file tail $cell]]
    read_verilog $cell
    synth_design -top $name -part $part -mode out_of_context -flatten_hierarchy rebuilt
    write_verilog -mode funcsim -force [file join $netlists $name.v]
    close_design
}
read_verilog [top_file]
read_xdc -mode out_of_context [constraints ooc]
synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy rebuilt
write_checkpoint -force [file join $directory synthesised.dcp]
# After synthesis, because it places cells.
read_xdc -mode out_of_context [constraints ooc_floorplan]
implement $directory
write_verilog -mode funcsim -force [file join $netlists $top.v]
puts "make netlist CONFIG=$config compares the netlists in $netlists with their vectors."
gate ooc $directory
