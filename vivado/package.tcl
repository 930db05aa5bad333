# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Packages the kernel as an IP that meets Vitis' requirements for RTL kernels, for the block design
# and for the .xo.

source -notrace [file join $root vivado kernel_arguments.tcl]
# This configuration's tables and memories.
source -notrace [file join $build design.tcl]

# Outstanding bursts per master (MaxOutstanding of axi_read_master and axi_write_master); the
# interconnect sizes its buffers by it.
set outstanding 16

# Adds a register to the address block, with its fields or the AXI4 master that the pointer is for.
proc add_register {block entry} {
    set register [ipx::add_register [dict get $entry name] $block]
    set_property description [dict get $entry description] $register
    set_property address_offset [dict get $entry offset] $register
    set_property size [dict get $entry size] $register
    if {[dict exists $entry fields]} {
        foreach field [dict get $entry fields] {
            set object [ipx::add_field [dict get $field name] $register]
            set_property bit_offset [dict get $field offset] $object
            set_property bit_width [dict get $field width] $object
            set_property access [dict get $field access] $object
        }
    }
    if {[dict exists $entry port] && [dict get $entry port] ne ""} {
        set parameter [ipx::add_register_parameter ASSOCIATED_BUSIF $register]
        set_property value [dict get $entry port] $parameter
    }
}

proc add_bus_parameters {core interface parameters} {
    set bus [ipx::get_bus_interfaces $interface -of_objects $core]
    foreach {name value} $parameters {
        set_property value $value [ipx::add_bus_parameter $name $bus]
    }
}

# The arguments of this kernel: those of its schedule, without pointers whose AXI4 master it lacks.
proc kernel_arguments {} {
    global crocuta_arguments memories schedule
    set kept {}
    foreach argument $crocuta_arguments {
        set port [dict get $argument port]
        set only [dict get $argument schedule]
        if {$only in [list {} $schedule] && ($port eq "" || [dict exists $memories $port])} {
            lappend kept $argument
        }
    }
    return $kept
}

# Exits Vivado unless each table is there: synthesis would continue with an empty ROM.
proc check_tables {} {
    global tables
    foreach table $tables {
        if {![file isfile $table] || [file size $table] == 0} {
            die "There is no table $table: rebuild without moving files."
        }
    }
}

# Packages the kernel into a directory of its own, as crocuta:kernel:crocuta:1.0.
proc package_kernel {ip} {
    global axi_bits crocuta_control_registers memories outstanding part top
    check_tables
    create_project -force package $ip.project -part $part
    add_files -norecurse [concat [rtl_files] [list [top_file]]]
    set_property top $top [current_fileset]
    update_compile_order -fileset sources_1
    ipx::package_project -root_dir $ip -vendor crocuta -library kernel -taxonomy /KernelIP \
        -import_files -set_current true
    set core [ipx::current_core]

    ipx::infer_bus_interface ap_clk xilinx.com:signal:clock_rtl:1.0 $core
    ipx::infer_bus_interface ap_rst_n xilinx.com:signal:reset_rtl:1.0 $core
    ipx::infer_bus_interface interrupt xilinx.com:signal:interrupt_rtl:1.0 $core
    ipx::associate_bus_interfaces -clock ap_clk -reset ap_rst_n $core
    ipx::associate_bus_interfaces -busif s_axi_control -clock ap_clk $core
    foreach port [dict keys $memories] {
        ipx::associate_bus_interfaces -busif $port -clock ap_clk $core
        # INCR bursts of whole beats only.
        add_bus_parameters $core $port [list \
            DATA_WIDTH $axi_bits \
            NUM_READ_OUTSTANDING $outstanding \
            NUM_WRITE_OUTSTANDING $outstanding \
            SUPPORTS_NARROW_BURST 0]
    }

    set map [ipx::add_memory_map -quiet s_axi_control $core]
    set block [ipx::add_address_block -quiet reg0 $map]
    foreach entry [concat $crocuta_control_registers [kernel_arguments]] {
        add_register $block $entry
    }
    set control [ipx::get_bus_interfaces s_axi_control -of_objects $core]
    set_property slave_memory_map_ref s_axi_control $control

    set_property sdx_kernel true $core
    set_property sdx_kernel_type rtl $core
    set_property supported_families {} $core
    set_property auto_family_support_level level_2 $core
    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity -kernel $core
    ipx::save_core $core
    close_project -delete
}
