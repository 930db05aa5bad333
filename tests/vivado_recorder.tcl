# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Stands in for Vivado in the tests (tests/test_vivado.py puts it on PATH): runs a flow in tclsh,
# accepts only the commands and options in flow/vivado_commands.py, checks that files to read exist,
# creates those to write, answers queries as the test specifies, and records all calls.
#
# RECORDER_SCHEMA and RECORDER_ANSWERS name Tcl files that set `schema` and `answers`.
# RECORDER_TRACE names the file to write: a unit separator ends each word, and a record separator
# each command.

source $env(RECORDER_SCHEMA)
source $env(RECORDER_ANSWERS)
set trace [open $env(RECORDER_TRACE) a]

proc record {words} {
    global trace
    puts -nonewline $trace "[join $words \x1f]\x1e"
    flush $trace
}

# Tcl's own, except that Vivado for Windows truncates a number beyond 32 bits without ll.
rename format tcl_format
proc checked_format {template args} {
    if {[string match %* $template] && ![string match *ll* $template]} {
        foreach number $args {
            if {[string is entier -strict $number] && abs($number) >> 32} {
                error "format $template cuts $number off"
            }
        }
    }
    return [tcl_format $template {*}$args]
}
interp alias {} format {} checked_format

proc must_exist {files} {
    foreach file $files {
        if {![file isfile $file]} {
            error "there is no file $file"
        }
    }
}

# Parses a command line to {options ARGUMENTS}; an error if Vivado would not accept it.
proc parsed {command words} {
    global schema
    set spec [dict get $schema $command]
    set options {}
    set arguments {}
    for {set i 0} {$i < [llength $words]} {incr i} {
        set word [lindex $words $i]
        if {![regexp {^-[a-zA-Z]} $word]} {
            lappend arguments $word
            continue
        }
        if {![dict exists $spec switches $word]} {
            error "$command has no option $word"
        }
        if {[dict exists $options $word]} {
            error "$command has $word twice"
        }
        set value 1
        if {[dict get $spec switches $word value]} {
            incr i
            if {$i == [llength $words]} {
                error "$command needs a value after $word"
            }
            set value [lindex $words $i]
            if {$value eq ""} {
                error "$command has an empty value after $word"
            }
        }
        dict set options $word $value
    }
    foreach required [dict get $spec required] {
        if {![dict exists $options $required]} {
            error "$command needs $required"
        }
    }
    set count [llength $arguments]
    if {$count < [dict get $spec least] || $count > [dict get $spec most]} {
        error "$command has $count arguments: $arguments"
    }
    return [list $options $arguments]
}

# Files that a command reads or writes, and its result; most return their last argument.
proc perform {command options arguments} {
    global answers last
    if {$command eq [dict get $answers fails]} {
        error "$command failed, as the test requested"
    }
    foreach option {-file -xo_path} {
        if {[dict exists $options $option]} {
            close [open [dict get $options $option] w]
        }
    }
    switch -glob -- $command {
        read_* - add_files {
            must_exist [lindex $arguments 0]
        }
        package_xo {
            if {[dict exists $options -output_kernel_xml]} {
                set file [open [dict get $options -output_kernel_xml] w]
                puts $file [dict get $answers kernel_xml]
                close $file
            }
            if {[dict exists $options -kernel_xml]} {
                must_exist [list [dict get $options -kernel_xml]]
            }
        }
        write_cfgmem {
            must_exist [list [lindex [dict get $options -loadbit] 2]]
            close [open [lindex $arguments 0] w]
        }
        write_* {
            close [open [lindex $arguments 0] w]
        }
        set_property {
            if {[llength $arguments] != ([dict exists $options -dict] ? 1 : 3)} {
                error "set_property $arguments"
            }
            if {[lindex $arguments 0] in {PROGRAM.FILE PROGRAM.FILES}} {
                must_exist [lindex $arguments 1]
            }
            if {[dict exists $options -dict] && [llength [dict get $options -dict]] % 2} {
                error "set_property -dict has a name without a value"
            }
        }
        make_wrapper {
            set file [file join [pwd] [file rootname [dict get $options -files]]_wrapper.v]
            close [open $file w]
            return $file
        }
        ipx::add_* {
            return [lindex $arguments 1]/[lindex $arguments 0]
        }
        ipx::get_bus_interfaces {
            return [dict get $options -of_objects]/[lindex $arguments 0]
        }
        create_bd_cell - create_bd_intf_port - create_bd_port {
            return [lindex $arguments 0]
        }
        get_property {
            return [lindex $arguments 1].[lindex $arguments 0]
        }
        get_cells {
            if {![dict exists $options -filter]} {
                return [lindex $arguments 0]
            }
            if {[string match {*LD\**} [dict get $options -filter]]} {
                set kernel [string match *kernel/* [dict get $options -filter]]
                return [dict get $answers [expr {$kernel ? "kernel latches" : "latches"}]]
            }
        }
        report_methodology {
            dict set answers get_methodology_violations [dict get $answers \
                [expr {[dict exists $options -cells] ? "kernel methodology" : "methodology"}]]
        }
        open_hw_target {
            if {[lindex $arguments 0] in [dict get $answers held]} {
                error "another program holds [lindex $arguments 0]"
            }
        }
        program_hw_cfgmem {
            # The helper design is visible only after a refresh.
            if {$last ne "refresh_hw_device"} {
                error "program_hw_cfgmem after $last"
            }
        }
        get_msg_config {
            return [dict get $answers [dict get $options -severity]]
        }
        report_* {
            if {[dict exists $options -cells]} {
                return [dict get $answers "kernel $command"]
            }
            if {[dict exists $options -return_string]} {
                return [dict get $answers $command]
            }
        }
    }
    if {[dict exists $answers $command]} {
        return [dict get $answers $command]
    }
    return [lindex $arguments end]
}

# The previous command.
set last ""

proc vivado {command args} {
    global last
    record [concat [list $command] $args]
    lassign [parsed $command $args] options arguments
    if {$command eq "source"} {
        must_exist $arguments
        return [uplevel #0 [list tcl_source [lindex $arguments 0]]]
    }
    if {$command eq "read_xdc"} {
        must_exist $arguments
        constrain [lindex $arguments 0]
    }
    set answer [perform $command $options $arguments]
    set last $command
    return $answer
}

# An XDC file may contain commands, but no variables and no control flow.
proc constrain {path} {
    set reader [interp create]
    foreach command [$reader eval {info commands}] {
        interp hide $reader $command
    }
    foreach command {
        add_cells_to_pblock create_clock create_pblock current_design get_cells get_pblocks
        get_ports resize_pblock set_operating_conditions set_property
    } {
        interp alias $reader $command {} vivado $command
    }
    set file [open $path]
    set script [read $file]
    close $file
    $reader eval $script
    interp delete $reader
}

rename source tcl_source
foreach command [dict keys $schema] {
    if {[string match *::* $command]} {
        namespace eval [namespace qualifiers $command] {}
    }
    interp alias {} $command {} vivado $command
}
# Commands that Tcl 8.5 lacks.
foreach command {lmap try throw tailcall coroutine yield yieldto zlib} {
    rename $command {}
}

# The command line.
if {$argv eq "-version"} {
    puts "vivado v[dict get $answers version] (64-bit)"
    puts "SW Build 4029153 on Fri Oct 13 20:13:54 MDT 2023"
    exit
}
record [concat vivado $argv]
set script ""
while {[llength $argv] > 0} {
    set argv [lassign $argv word]
    switch -- $word {
        -notrace - -nojournal {}
        -mode {
            set argv [lassign $argv mode]
            if {$mode ne "batch"} {
                error "vivado -mode $mode"
            }
        }
        -log {
            set argv [lassign $argv log]
        }
        -source {
            set argv [lassign $argv script]
        }
        -tclargs {
            break
        }
        default {
            error "vivado has no option $word"
        }
    }
}
set argc [llength $argv]
must_exist [list $script]
tcl_source $script
