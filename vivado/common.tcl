# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# What the flows share. scripts/build.py runs each in build/vivado/CONFIG, as
#   vivado -mode batch -source vivado/FLOW.tcl -tclargs CONFIG AXI_BITS
# and has written crocuta.v there, the kernel with the configuration's parameters, and its twiddle
# tables. For Tcl 8.5, which Vivado had long.

set part xcu200-fsgd2104-2-e
set top crocuta
set root [file dirname [file dirname [file normalize [info script]]]]
lassign $argv config axi_bits
set build [pwd]

# Ends Vivado with one sentence and an exit status.
proc die {sentence {status 1}} {
    puts stderr $sentence
    exit $status
}

# Makes build/vivado/CONFIG/FLOW without an earlier run's results and returns it. What Vivado only
# warns of, and no build survives, is raised to what the gate counts.
proc start {flow} {
    global build
    set directory [file join $build $flow]
    file delete -force $directory
    file mkdir $directory
    # A constraint whose command failed.
    set_msg_config -id {Common 17-1548} -new_severity ERROR
    # A latch.
    set_msg_config -id {Synth 8-327} -new_severity {CRITICAL WARNING}
    return $directory
}

# The files of rtl/, in the order of rtl/crocuta.f.
proc rtl_files {} {
    global root
    set list [open [file join $root rtl crocuta.f]]
    set lines [split [read $list] \n]
    close $list
    set files {}
    foreach line $lines {
        if {$line ne "" && ![string match //* $line]} {
            lappend files [file join $root rtl [string trim $line]]
        }
    }
    return $files
}

# The kernel with its parameters, above the RTL.
proc top_file {} {
    global build top
    return [file join $build $top.v]
}

proc constraints {name} {
    global root
    return [file join $root constraints $name.xdc]
}

proc save {path text} {
    set file [open $path w]
    puts $file $text
    close $file
}

# The first number that a pattern finds in a report, or nothing.
proc found {pattern report} {
    set number ""
    regexp $pattern $report -> number
    return $number
}

# Setup, hold and pulse-width slack: WNS, WHS and WPWS of a timing summary's first table.
proc slacks {report} {
    set lines [split $report \n]
    set heading [lsearch -regexp $lines {WNS\(ns\).* WHS\(ns\).* WPWS\(ns\)}]
    set row [regexp -all -inline {\S+} [lindex $lines [expr {$heading + 2}]]]
    if {$heading < 0 || [llength $row] != 12} {
        return {{} {} {}}
    }
    return [list [lindex $row 0] [lindex $row 4] [lindex $row 8]]
}

# Places and routes the synthesised design, with a checkpoint after each.
proc implement {directory} {
    opt_design
    place_design
    phys_opt_design
    write_checkpoint -force [file join $directory placed.dcp]
    route_design
    if {[lindex [slacks [report_timing_summary -return_string]] 0] < 0} {
        phys_opt_design
    }
    write_checkpoint -force [file join $directory routed.dcp]
}

# Writes the reports; returns what the gate looks at, by name.
proc report {directory} {
    set timing [report_timing_summary -max_paths 10 -report_unconstrained -return_string]
    set route [report_route_status -return_string]
    set crossings [report_cdc -severity Critical -no_header -return_string]
    save [file join $directory timing_summary.rpt] $timing
    save [file join $directory route_status.rpt] $route
    report_cdc -details -file [file join $directory cdc.rpt]
    report_utilization -hierarchical -file [file join $directory utilization.rpt]
    report_ram_utilization -file [file join $directory ram_utilization.rpt]
    report_methodology -file [file join $directory methodology.rpt]
    report_drc -file [file join $directory drc.rpt]
    report_design_analysis -logic_level_distribution -file [file join $directory logic_levels.rpt]
    report_qor_assessment -file [file join $directory qor_assessment.rpt]
    report_qor_suggestions -file [file join $directory qor_suggestions.rpt]
    report_power -file [file join $directory power.rpt]

    set routable [found {# of routable nets[. ]*: *([0-9]+)} $route]
    set routed [found {# of fully routed nets[. ]*: *([0-9]+)} $route]
    set unrouted ""
    if {$routable ne "" && $routed ne ""} {
        set unrouted [expr {$routable - $routed}]
    }
    lassign [slacks $timing] setup hold pulse_width
    set violations [get_methodology_violations -filter {SEVERITY == "Critical Warning"}]
    return [list \
        setup_slack_ns $setup \
        hold_slack_ns $hold \
        pulse_width_slack_ns $pulse_width \
        pins_without_clock [found {checking no_clock \(([0-9]+)\)} $timing] \
        unrouted_nets $unrouted \
        nets_with_routing_errors [found {# of nets with routing errors[. ]*: *([0-9]+)} $route] \
        critical_cdc [regexp -all {\mCritical\M} $crossings] \
        critical_methodology [llength $violations] \
        critical_warnings [get_msg_config -count -severity {CRITICAL WARNING}] \
        errors [get_msg_config -count -severity ERROR]]
}

# Neither NA nor inf nor nothing.
proc is_number {value} {
    return [regexp {^-?[0-9]+(\.[0-9]+)?$} $value]
}

# A sentence for each figure that stops the build: a slack below zero, anything else but zero, and
# a figure that no report gave, because a gate that sees nothing must not open.
proc failures {figures} {
    set sentences {}
    dict for {name value} $figures {
        set label [string map {_ " "} $name]
        if {![is_number $value]} {
            lappend sentences "no report gave $label"
        } elseif {[string match *_slack_ns $name] ? $value < 0 : $value != 0} {
            lappend sentences "$label: $value"
        }
    }
    return $sentences
}

# How many cells take what; a LUT6 used as two counts twice.
proc utilization {} {
    set counts {}
    foreach {name pattern} {
        lut LUT* ff FD* dsp48e2 DSP48E2 ramb36e2 RAMB36E2 ramb18e2 RAMB18E2 uram288 URAM288
    } {
        set cells [get_cells -quiet -hierarchical -filter "REF_NAME =~ $pattern"]
        lappend counts $name [llength $cells]
    }
    return $counts
}

# A JSON object of numbers; what is none is null.
proc numbers {figures} {
    set items {}
    dict for {name value} $figures {
        if {![is_number $value]} {
            set value null
        }
        lappend items "\"$name\": $value"
    }
    return "{[join $items {, }]}"
}

# Reports, writes summary.json and ends Vivado with status 1 unless everything is as it must be.
proc gate {flow directory} {
    global config part
    set figures [report $directory]
    set sentences [failures $figures]
    set quoted {}
    foreach sentence $sentences {
        lappend quoted "\"$sentence\""
    }
    set passed [expr {[llength $sentences] == 0 ? "true" : "false"}]
    save [file join $directory summary.json] [join [list \
        "{" \
        " \"flow\": \"$flow\"," \
        " \"config\": \"$config\"," \
        " \"part\": \"$part\"," \
        " \"vivado\": \"[version -short]\"," \
        " \"passed\": $passed," \
        " \"failures\": \[[join $quoted {, }]\]," \
        " \"gate\": [numbers $figures]," \
        " \"cells\": [numbers [utilization]]" \
        "}"] \n]
    if {[llength $sentences] > 0} {
        die "The $flow flow failed: [join $sentences {; }] (reports in $directory)."
    }
}
