# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# make xo: the kernel as a Vitis kernel object.

source -notrace [file join [file dirname [file normalize [info script]]] common.tcl]
source -notrace [file join $root vivado package.tcl]

# Completes the kernel.xml that package_xo generates. XRT aborts a job through SW_RESET in CTRL only
# if the attribute swReset says that the kernel has one, and package_xo has no option for it. If it
# is given a kernel.xml, it takes the control protocol from there, too.
proc declare_reset {path} {
    set file [open $path]
    set text [read $file]
    close $file
    if {[regexp -all {<kernel\s[^>]*>} $text tag] != 1} {
        die "package_xo did not write one kernel to $path."
    }
    set declared $tag
    foreach {name value} {swReset true hwControlProtocol ap_ctrl_chain} {
        regsub "\\s$name=\"\[^\"\]*\"" $declared {} declared
        regsub {^<kernel} $declared "<kernel $name=\"$value\"" declared
    }
    save $path [string map [list $tag $declared] $text]
}

set directory [start xo]
set ip [file join $directory ip]
set xo [file join $directory $top.xo]
set kernel_xml [file join $directory kernel.xml]
package_kernel $ip
package_xo -force -kernel_name $top -xo_path $xo -ip_directory $ip -ctrl_protocol ap_ctrl_chain \
    -output_kernel_xml $kernel_xml
declare_reset $kernel_xml
package_xo -force -kernel_name $top -xo_path $xo -ip_directory $ip -kernel_xml $kernel_xml
