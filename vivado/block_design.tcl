# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# The block design of the U200 without a Vitis platform; docs/build.md draws it.
#
# PCIe runs at 250 MHz. Each memory has its own 300 MHz clock, and the kernel uses memory 0's.
# SmartConnects convert between the clocks. Vivado chooses the versions of the IPs. design.tcl says
# which of the kernel's ports leads to which memory; the memories in use are 0 and the next ones.

set memory_count [llength [lsort -unique [dict values $memories]]]
# The SLR of each memory; PCIe is in SLR1, and the kernel in SLR0.
set memory_slrs {0 1 1 2}
set kernel_slr 0
set pcie_slr 1
# The SLR of each SmartConnect, as the register slices assume it: for bitstream.tcl.
set connect_slrs [dict create host $pcie_slr control $pcie_slr]
# The host's address map. The kernel sees the memories at the same addresses.
set memory_bytes 0x400000000
set kernel_offset 0x00000
set ecc_offset 0x10000
set control_bytes 0x1000

proc cell {vlnv name {properties {}}} {
    set cell [create_bd_cell -type ip -vlnv $vlnv $name]
    if {[llength $properties] > 0} {
        set_property -dict $properties $cell
    }
}

# Connects pins of cells.
proc wire {args} {
    set pins {}
    foreach name $args {
        lappend pins [get_bd_pins $name]
    }
    connect_bd_net {*}$pins
}

# Connects interfaces of two cells.
proc bus {from to} {
    connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
}

# Connects a board interface, whose pins Vivado knows, to a cell's interface.
proc board_bus {mode vlnv name pin {hertz {}}} {
    set port [create_bd_intf_port -mode $mode -vlnv $vlnv $name]
    if {$hertz ne ""} {
        set_property CONFIG.FREQ_HZ $hertz $port
    }
    connect_bd_intf_net $port [get_bd_intf_pins $pin]
}

# A cell that drives 0: an IP, or inline HDL in releases of Vivado without that IP.
proc zero {name} {
    if {[llength [get_ipdefs -quiet xilinx.com:ip:xlconstant:*]] > 0} {
        set cell [create_bd_cell -type ip -vlnv xilinx.com:ip:xlconstant $name]
    } else {
        set cell [create_bd_cell -type inline_hdl -vlnv xilinx.com:inline_hdl:ilconstant:1.0 $name]
    }
    set_property -dict {CONFIG.CONST_WIDTH 1 CONFIG.CONST_VAL 0} $cell
}

# Register slices for a bus that crosses between SLRs. The placer adds as many stages as it takes.
proc crossing {name clock reset from to} {
    cell xilinx.com:ip:axi_register_slice $name {
        CONFIG.REG_AW 15 CONFIG.REG_W 15 CONFIG.REG_B 15 CONFIG.REG_AR 15 CONFIG.REG_R 15
        CONFIG.USE_AUTOPIPELINING 1
    }
    wire $clock $name/aclk
    wire $reset $name/aresetn
    bus $from $name/S_AXI
    bus $name/M_AXI $to
}

file mkdir [file join $directory design]
create_bd_design -dir [file join $directory design] crocuta_u200

# PCIe.
cell xilinx.com:ip:util_ds_buf pcie_clock {
    CONFIG.DIFF_CLK_IN_BOARD_INTERFACE pcie_refclk CONFIG.USE_BOARD_FLOW true
}
cell xilinx.com:ip:xdma pcie {
    CONFIG.PCIE_BOARD_INTERFACE pci_express_x16
    CONFIG.SYS_RST_N_BOARD_INTERFACE pcie_perstn
    CONFIG.xdma_axi_intf_mm AXI_Memory_Mapped
    CONFIG.axilite_master_en true
    CONFIG.axilite_master_scale Megabytes
    CONFIG.axilite_master_size 1
}
board_bus Slave xilinx.com:interface:diff_clock_rtl:1.0 pcie_refclk pcie_clock/CLK_IN_D 100000000
board_bus Master xilinx.com:interface:pcie_7x_mgt_rtl:1.0 pci_express_x16 pcie/pcie_mgt
set perstn [create_bd_port -dir I -type rst pcie_perstn]
set_property CONFIG.POLARITY ACTIVE_LOW $perstn
connect_bd_net $perstn [get_bd_pins pcie/sys_rst_n]
wire pcie_clock/IBUF_OUT pcie/sys_clk_gt
wire pcie_clock/IBUF_DS_ODIV2 pcie/sys_clk
zero no_interrupt
wire no_interrupt/dout pcie/usr_irq_req

# The memories leave reset together with PCIe; their reset is active high.
cell xilinx.com:ip:proc_sys_reset pcie_reset
wire pcie/axi_aclk pcie_reset/slowest_sync_clk
wire pcie/axi_aresetn pcie_reset/ext_reset_in

cell crocuta:kernel:crocuta:1.0 kernel

# The host's path to the memories, and to the registers of the kernel and the memories.
cell xilinx.com:ip:smartconnect host [list \
    CONFIG.NUM_SI 1 CONFIG.NUM_MI $memory_count CONFIG.NUM_CLKS 1]
wire pcie/axi_aclk host/aclk
wire pcie/axi_aresetn host/aresetn
bus pcie/M_AXI host/S00_AXI
cell xilinx.com:ip:smartconnect control [list \
    CONFIG.NUM_SI 1 \
    CONFIG.NUM_MI [expr {$memory_count + 1}] \
    CONFIG.NUM_CLKS [expr {$memory_count + 1}]]
wire pcie/axi_aclk control/aclk
wire pcie/axi_aresetn control/aresetn
bus pcie/M_AXI_LITE control/S00_AXI

# Memory N: a controller, its reset, and a SmartConnect for the host and the kernel's ports.
for {set n 0} {$n < $memory_count} {incr n} {
    cell xilinx.com:ip:ddr4 memory$n [list \
        CONFIG.C0_CLOCK_BOARD_INTERFACE default_300mhz_clk$n \
        CONFIG.C0_DDR4_BOARD_INTERFACE ddr4_sdram_c$n]
    # Must follow the board's preset, which enables self-refresh and its inputs.
    set_property -dict {
        CONFIG.C0.DDR4_AxiAddressWidth 34
        CONFIG.C0.DDR4_Mem_Add_Map ROW_COLUMN_BANK_INTLV
        CONFIG.C0.DDR4_AUTO_AP_COL_A3 true
        CONFIG.C0.DDR4_SELF_REFRESH false
        CONFIG.C0.DDR4_SAVE_RESTORE false
    } [get_bd_cells memory$n]
    board_bus Slave xilinx.com:interface:diff_clock_rtl:1.0 default_300mhz_clk$n \
        memory$n/C0_SYS_CLK 300000000
    board_bus Master xilinx.com:interface:ddr4_rtl:1.0 ddr4_sdram_c$n memory$n/C0_DDR4
    wire pcie_reset/peripheral_reset memory$n/sys_rst

    cell xilinx.com:ip:proc_sys_reset memory${n}_reset
    wire memory$n/c0_ddr4_ui_clk memory${n}_reset/slowest_sync_clk
    wire memory$n/c0_ddr4_ui_clk_sync_rst memory${n}_reset/ext_reset_in
    wire memory${n}_reset/peripheral_aresetn memory$n/c0_ddr4_aresetn

    # The kernel's clock is memory 0's, and each clock may be connected only once.
    set kernel_ports [lsearch -all -exact [dict values $memories] $n]
    cell xilinx.com:ip:smartconnect memory${n}_ports [list \
        CONFIG.NUM_SI [expr {[llength $kernel_ports] + 1}] \
        CONFIG.NUM_MI 1 \
        CONFIG.NUM_CLKS [expr {$n == 0 ? 2 : 3}]]
    dict set connect_slrs memory${n}_ports [lindex $memory_slrs $n]
    wire memory$n/c0_ddr4_ui_clk memory${n}_ports/aclk
    wire pcie/axi_aclk memory${n}_ports/aclk1
    if {$n > 0} {
        wire memory0/c0_ddr4_ui_clk memory${n}_ports/aclk2
    }
    wire memory${n}_reset/interconnect_aresetn memory${n}_ports/aresetn
    bus memory${n}_ports/M00_AXI memory$n/C0_DDR4_S_AXI

    wire memory$n/c0_ddr4_ui_clk control/aclk[expr {$n + 1}]
}
wire memory0/c0_ddr4_ui_clk kernel/ap_clk
wire memory0_reset/peripheral_aresetn kernel/ap_rst_n

# Buses, with register slices where they cross between SLRs.
set kernel_clock memory0/c0_ddr4_ui_clk
set kernel_reset memory0_reset/peripheral_aresetn
proc connected {name from_slr to_slr clock reset from to} {
    if {$from_slr == $to_slr} {
        bus $from $to
    } else {
        crossing $name $clock $reset $from $to
    }
}
connected control_crossing $pcie_slr $kernel_slr $kernel_clock $kernel_reset \
    control/M00_AXI kernel/s_axi_control
for {set n 0} {$n < $memory_count} {incr n} {
    set slr [lindex $memory_slrs $n]
    connected ecc_crossing$n $pcie_slr $slr \
        memory$n/c0_ddr4_ui_clk memory${n}_reset/peripheral_aresetn \
        control/M[format %02d [expr {$n + 1}]]_AXI memory$n/C0_DDR4_S_AXI_CTRL
    connected host_crossing$n $pcie_slr $slr pcie/axi_aclk pcie/axi_aresetn \
        host/M[format %02d $n]_AXI memory${n}_ports/S00_AXI
    set slave 0
    dict for {port memory} $memories {
        if {$memory == $n} {
            incr slave
            connected kernel_crossing$n $kernel_slr $slr $kernel_clock $kernel_reset \
                kernel/$port memory${n}_ports/S[format %02d $slave]_AXI
        }
    }
}

# Addresses.
proc segment {space segment offset bytes} {
    assign_bd_address -offset $offset -range $bytes -force \
        -target_address_space [get_bd_addr_spaces $space] [get_bd_addr_segs $segment]
}
proc memory_segment {space n} {
    global memory_bytes
    segment $space memory$n/C0_DDR4_MEMORY_MAP/C0_DDR4_ADDRESS_BLOCK \
        [format 0x%09llX [expr {$n * $memory_bytes}]] $memory_bytes
}
segment pcie/M_AXI_LITE kernel/s_axi_control/reg0 $kernel_offset $control_bytes
for {set n 0} {$n < $memory_count} {incr n} {
    memory_segment pcie/M_AXI $n
    segment pcie/M_AXI_LITE memory$n/C0_DDR4_MEMORY_MAP_CTRL/C0_REG \
        [format 0x%05X [expr {($n + 1) * $ecc_offset}]] $control_bytes
}
dict for {port n} $memories {
    memory_segment kernel/$port $n
}

validate_bd_design
save_bd_design
