# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# make program, make flash: loads the bitstream, or the flash image, into a U200 over USB.
#   vivado -mode batch -source vivado/card.tcl -tclargs CONFIG AXI_BITS program|flash

source -notrace [file join [file dirname [file normalize [info script]]] common.tcl]

# Opens the first cable with a U200 and returns the device.
proc open_device {} {
    open_hw_manager
    connect_hw_server
    foreach target [get_hw_targets -quiet] {
        # Another program may be using the cable.
        if {[catch {open_hw_target $target}]} {
            continue
        }
        set devices [get_hw_devices -quiet xcu200*]
        if {[llength $devices] > 0} {
            current_hw_device [lindex $devices 0]
            refresh_hw_device -quiet [lindex $devices 0]
            return [lindex $devices 0]
        }
        close_hw_target
    }
    die "No U200 found: hw_server sees no xcu200 on a USB cable that is not already in use." 2
}

proc program {device file} {
    set_property PROGRAM.FILE $file $device
    program_hw_devices $device
    refresh_hw_device -quiet $device
}

# Only the FPGA reaches the flash, so a helper design that writes it is loaded first.
proc flash {device file} {
    set memory [lindex [get_cfgmem_parts mt25qu01g-spi-x1_x2_x4] 0]
    create_hw_cfgmem -hw_device $device $memory
    set flash [get_property PROGRAM.HW_CFGMEM $device]
    set_property PROGRAM.FILES [list $file] $flash
    set_property PROGRAM.ADDRESS_RANGE use_file $flash
    set_property PROGRAM.UNUSED_PIN_TERMINATION pull-none $flash
    set_property PROGRAM.BLANK_CHECK 0 $flash
    set_property PROGRAM.ERASE 1 $flash
    set_property PROGRAM.CFG_PROGRAM 1 $flash
    set_property PROGRAM.VERIFY 1 $flash
    create_hw_bitstream -hw_device $device [get_property PROGRAM.HW_CFGMEM_BITFILE $device]
    program_hw_devices $device
    # Vivado does not see the helper before.
    refresh_hw_device -quiet $device
    program_hw_cfgmem $flash
}

set directory [file join $build bitstream]
if {[lindex $argv 2] eq "flash"} {
    flash [open_device] [file join $directory $top.mcs]
} else {
    program [open_device] [file join $directory $top.bit]
}
close_hw_target
