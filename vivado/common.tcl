# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Procedures that all flows share. flow/build.py runs each flow in build/vivado/CONFIG, as
#   vivado -mode batch -source vivado/FLOW.tcl -tclargs CONFIG AXI_BITS
# after writing there its tables, crocuta.v (the kernel with the configuration's parameters) and
# design.tcl. Written for Tcl 8.5, which older releases of Vivado have.

set part xcu200-fsgd2104-2-e
set top crocuta
set root [file dirname [file dirname [file normalize [info script]]]]
lassign $argv config axi_bits
set build [pwd]

# Exits Vivado with a one-sentence message and an exit status.
proc die {sentence {status 1}} {
    puts stderr $sentence
    exit $status
}

# Creates an empty build/vivado/CONFIG/FLOW and returns its path. Promotes warnings that no build
# survives to errors.
proc start {flow} {
    global build
    set directory [file join $build $flow]
    file delete -force $directory
    file mkdir $directory
    # A constraint whose command failed.
    set_msg_config -id {Common 17-1548} -new_severity ERROR
    # A twiddle table that is missing: Vivado would continue with an empty ROM.
    set_msg_config -id {Synth 8-4445} -new_severity ERROR
    # A floorplan with cells that do not exist.
    set_msg_config -id {Vivado 12-1433} -new_severity ERROR
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

# The first number that a pattern captures in a report, or "".
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

# Places and routes the synthesised design, with a checkpoint after each step. The directives are
# those of Vivado's strategy Performance_ExtraTimingOpt: with the default ones, other designs on
# this card missed 300 MHz at SLR crossings.
proc implement {directory} {
    opt_design
    place_design -directive ExtraTimingOpt
    phys_opt_design -directive Explore
    write_checkpoint -force [file join $directory placed.dcp]
    route_design -directive NoTimingRelaxation
    if {[lindex [slacks [report_timing_summary -return_string]] 0] < 0} {
        phys_opt_design -directive AggressiveExplore
    }
    write_checkpoint -force [file join $directory routed.dcp]
}

# How often a pattern occurs in a report.
proc occurrences {pattern report} {
    return [regexp -all -- $pattern $report]
}

# The number of clock pairs with the kernel's clock whose paths are not timed safely.
proc unsafe_clock_pairs {report clocks} {
    if {[llength $clocks] == 0} {
        return ""
    }
    set pairs 0
    foreach line [split $report \n] {
        set words [regexp -all -inline {\S+} $line]
        if {![string match *(unsafe)* $line]} {
            continue
        }
        if {[lindex $words 0] in $clocks || [lindex $words 1] in $clocks} {
            incr pairs
        }
    }
    return $pairs
}

# The number of critical warnings in the last report_methodology.
proc critical_methodology {} {
    return [llength [get_methodology_violations -filter {SEVERITY == "Critical Warning"}]]
}

# Writes the reports. Returns two dictionaries of figures by name: those that the gate checks, and
# those that it only shows.
#
# kernel is the kernel's cell in the card's design, where clock crossings, methodology and latches
# count only if they touch the kernel: AMD's IPs have findings of their own, which a user can
# neither fix nor judge. If kernel is empty, the design is the kernel alone, and everything counts.
proc report {directory kernel} {
    set timing [report_timing_summary -max_paths 10 -report_unconstrained -return_string]
    set route [report_route_status -return_string]
    set skew [report_bus_skew -no_header -return_string]
    set interaction [report_clock_interaction -delay_type min_max -no_header -return_string]
    set crossings [report_cdc -details -severity Critical -no_header -return_string]
    save [file join $directory timing_summary.rpt] $timing
    save [file join $directory route_status.rpt] $route
    save [file join $directory bus_skew.rpt] $skew
    save [file join $directory clock_interaction.rpt] $interaction
    report_cdc -details -file [file join $directory cdc.rpt]
    report_utilization -hierarchical -file [file join $directory utilization.rpt]
    report_ram_utilization -file [file join $directory ram_utilization.rpt]
    report_methodology -file [file join $directory methodology.rpt]
    report_drc -file [file join $directory drc.rpt]
    report_design_analysis -logic_level_distribution -file [file join $directory logic_levels.rpt]
    report_qor_assessment -file [file join $directory qor_assessment.rpt]
    report_qor_suggestions -file [file join $directory qor_suggestions.rpt]
    report_power -file [file join $directory power.rpt]

    set critical_cdc [occurrences {\mCritical\M} $crossings]
    set methodology [critical_methodology]
    set warnings [get_msg_config -count -severity {CRITICAL WARNING}]
    set seen {}
    set latches {REF_NAME =~ LD*}
    if {$kernel eq ""} {
        set clocks [get_clocks]
        set whole [list critical_warnings $warnings]
    } else {
        set cell [get_cells $kernel]
        set clocks [get_clocks -of_objects [get_pins $kernel/ap_clk]]
        set whole {}
        set seen [list critical_warnings $warnings critical_cdc $critical_cdc \
            critical_methodology $methodology]
        set crossings [report_cdc -cells $cell -details -severity Critical -no_header \
            -return_string]
        set critical_cdc [occurrences {\mCritical\M} $crossings]
        report_methodology -cells $cell -file [file join $directory methodology_kernel.rpt]
        set methodology [critical_methodology]
        set latches "NAME =~ $kernel/* && $latches"
    }
    set routable [found {# of routable nets[. ]*: *([0-9]+)} $route]
    set routed [found {# of fully routed nets[. ]*: *([0-9]+)} $route]
    set unrouted ""
    if {$routable ne "" && $routed ne ""} {
        set unrouted [expr {$routable - $routed}]
    }
    lassign [slacks $timing] setup hold pulse_width
    set gated [list \
        setup_slack_ns $setup \
        hold_slack_ns $hold \
        pulse_width_slack_ns $pulse_width \
        bus_skew_violations [occurrences {Slack \(VIOLATED\)} $skew] \
        pins_without_clock [found {checking no_clock \(([0-9]+)\)} $timing] \
        unrouted_nets $unrouted \
        nets_with_routing_errors [found {# of nets with routing errors[. ]*: *([0-9]+)} $route] \
        unsafe_clock_pairs [unsafe_clock_pairs $interaction $clocks] \
        critical_cdc $critical_cdc \
        critical_methodology $methodology \
        latches [llength [get_cells -quiet -hierarchical -filter $latches]] \
        errors [get_msg_config -count -severity ERROR]]
    return [list [concat $gated $whole] $seen]
}

# Whether a value is a number, not NA, inf or empty.
proc is_number {value} {
    return [regexp {^-?[0-9]+(\.[0-9]+)?$} $value]
}

# A sentence for each figure that fails the build: a negative slack, any other figure that is not
# zero, or a figure missing from the reports, because a gate without data must not pass.
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

# The number of cells of each kind; a LUT6 used as two LUTs counts twice.
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

# A JSON object of numbers; a value that is not a number becomes null.
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

# Reports, writes summary.json and exits Vivado with status 1 if a figure fails the build. kernel is
# as for report.
proc gate {flow directory {kernel ""}} {
    global config part
    lassign [report $directory $kernel] figures seen
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
        " \"seen\": [numbers $seen]," \
        " \"cells\": [numbers [utilization]]" \
        "}"] \n]
    if {[llength $sentences] > 0} {
        die "The $flow flow failed: [join $sentences {; }] (reports in $directory)."
    }
}
