# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# make xo: the kernel as a Vitis kernel object.

source -notrace [file join [file dirname [file normalize [info script]]] common.tcl]
source -notrace [file join $root vivado package.tcl]

set directory [start xo]
package_kernel [file join $directory ip]
package_xo -force -kernel_name $top -xo_path [file join $directory $top.xo] \
    -ip_directory [file join $directory ip] -ctrl_protocol ap_ctrl_chain
