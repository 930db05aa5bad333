# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# make bitstream: the whole U200 without a Vitis platform, from the block design to the .bit and the
# flash image.

source -notrace [file join [file dirname [file normalize [info script]]] common.tcl]
source -notrace [file join $root vivado package.tcl]

set directory [start bitstream]
set board [lindex [lsort -dictionary [get_board_parts -quiet xilinx.com:au200:part0:*]] end]
if {$board eq ""} {
    die "The U200's board files are missing: name their folder by set_param board.repoPaths in\
        Vivado_init.tcl (docs/build.md says where to get them)." 2
}
package_kernel [file join $directory ip]

create_project -in_memory -part $part
set_property board_part $board [current_project]
set_property ip_repo_paths [file join $directory ip] [current_project]
update_ip_catalog
source -notrace [file join $root vivado block_design.tcl]
set design [get_files crocuta_u200.bd]
# Synthesise the block design with the rest: no separate run or checkpoint.
set_property synth_checkpoint_mode None $design
generate_target all $design
read_verilog [make_wrapper -files $design -top]
read_xdc [constraints u200]
synth_design -top crocuta_u200_wrapper -part $part -flatten_hierarchy rebuilt
write_checkpoint -force [file join $directory synthesised.dcp]
# After synthesis, because it names cells and sites.
read_xdc [constraints u200_floorplan]
dict for {cell slr} $connect_slrs {
    set_property USER_SLR_ASSIGNMENT SLR$slr [get_cells crocuta_u200_i/$cell]
}
implement $directory
gate bitstream $directory crocuta_u200_i/kernel
set bit [file join $directory $top.bit]
write_bitstream -force $bit
# The card's factory image at the start of the flash boots the image at this address.
write_cfgmem -force -format mcs -size 128 -interface SPIx4 -loadbit [list up 0x01002000 $bit] \
    [file join $directory $top.mcs]
