# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
"""The Vivado commands and options that vivado/ and constraints/ may use, for tclint and the tests.

They let the tests find a misspelt option without Vivado. From AMD's UG835 (ipx and package_xo:
UG1118 and UG1393), reduced to those in use: look up a missing option there before adding it.
"""

from __future__ import annotations

import re
from typing import Any

# [optional], -option <value>, <argument>, <arguments>...
SYNTAX = """
add_cells_to_pblock [-top] <pblock> [<cells>...]
add_files [-norecurse] <files>
assign_bd_address -offset <arg> -range <arg> [-force] -target_address_space <arg> <segment>
close_design
close_hw_target
close_project [-delete]
connect_bd_intf_net <objects>...
connect_bd_net <objects>...
connect_hw_server
create_bd_cell -type <arg> -vlnv <arg> <name>
create_bd_design [-dir <arg>] <name>
create_bd_intf_port -mode <arg> -vlnv <arg> <name>
create_bd_port -dir <arg> [-type <arg>] <name>
create_clock -name <arg> -period <arg> <objects>
create_hw_bitstream -hw_device <arg> <file>
create_hw_cfgmem -hw_device <arg> <memory>
create_pblock <name>
create_project [-part <arg>] [-force] [-in_memory] [<name>] [<directory>]
current_design
current_fileset
current_hw_device [<device>]
current_project
generate_target <name> <objects>
get_bd_addr_segs <patterns>
get_bd_addr_spaces <patterns>
get_bd_cells <patterns>
get_bd_intf_pins <patterns>
get_bd_pins <patterns>
get_board_parts [-quiet] <patterns>
get_cells [-hierarchical] [-filter <arg>] [-quiet] [<patterns>]
get_cfgmem_parts <patterns>
get_clocks [-of_objects <arg>]
get_files <patterns>
get_hw_devices [-quiet] <patterns>
get_hw_targets [-quiet]
get_ipdefs [-quiet] <patterns>
get_methodology_violations [-filter <arg>]
get_msg_config -severity <arg> -count
get_pblocks <patterns>
get_pins <patterns>
get_ports <patterns>
get_property <name> <object>
ipx::add_address_block [-quiet] <name> <map>
ipx::add_bus_parameter <name> <bus>
ipx::add_field <name> <register>
ipx::add_memory_map [-quiet] <name> <core>
ipx::add_register <name> <block>
ipx::add_register_parameter <name> <register>
ipx::associate_bus_interfaces [-busif <arg>] -clock <arg> [-reset <arg>] <core>
ipx::check_integrity [-kernel] <core>
ipx::create_xgui_files <core>
ipx::current_core
ipx::get_bus_interfaces <name> -of_objects <arg>
ipx::infer_bus_interface <port> <vlnv> <core>
ipx::package_project -root_dir <arg> -vendor <arg> -library <arg> -taxonomy <arg> [-import_files] \
  [-set_current <arg>]
ipx::save_core <core>
ipx::update_checksums <core>
make_wrapper -files <arg> [-top]
open_hw_manager
open_hw_target <target>
opt_design
package_xo -kernel_name <arg> -xo_path <arg> -ip_directory <arg> [-ctrl_protocol <arg>] [-force] \
  [-kernel_xml <arg>] [-output_kernel_xml <arg>]
phys_opt_design [-directive <arg>]
place_design [-directive <arg>]
program_hw_cfgmem <memory>
program_hw_devices <device>
read_verilog [-sv] <files>
read_xdc [-mode <arg>] <file>
refresh_hw_device [-quiet] <device>
report_bus_skew [-no_header] [-return_string]
report_cdc [-cells <arg>] [-details] [-severity <arg>] [-no_header] [-file <arg>] [-return_string]
report_clock_interaction [-delay_type <arg>] [-no_header] [-return_string]
report_design_analysis [-logic_level_distribution] -file <arg>
report_drc -file <arg>
report_methodology [-cells <arg>] -file <arg>
report_power -file <arg>
report_qor_assessment -file <arg>
report_qor_suggestions -file <arg>
report_ram_utilization -file <arg>
report_route_status [-return_string]
report_timing_summary [-max_paths <arg>] [-report_unconstrained] [-return_string]
report_utilization [-hierarchical] -file <arg>
resize_pblock <pblock> -add <arg>
route_design [-directive <arg>]
save_bd_design
set_msg_config -id <arg> -new_severity <arg>
set_operating_conditions -design_power_budget <arg>
set_part <part>
set_property [-dict <arg>] [<name>] [<value>] <objects>
source [-notrace] <file>
synth_design -top <arg> -part <arg> [-mode <arg>] [-flatten_hierarchy <arg>]
update_compile_order -fileset <arg>
update_ip_catalog
validate_bd_design
version [-short]
write_bitstream [-force] <file>
write_cfgmem [-force] -format <arg> -size <arg> -interface <arg> -loadbit <arg> <file>
write_checkpoint [-force] <file>
write_verilog [-mode <arg>] [-force] <file>
"""

TOKEN = re.compile(
    r"(?P<open>\[)?(?:(?P<switch>-\w+)(?P<value> <\w+>)?|<(?P<name>\w+)>(?P<more>\.\.\.)?)\]?"
)


def parse(syntax: str) -> dict[str, dict[str, Any]]:
    """The commands in tclint's format."""
    found: dict[str, dict[str, Any]] = {}
    for line in syntax.replace("\\\n", "").strip().splitlines():
        command, _, rest = line.partition(" ")
        spec: dict[str, Any] = {"positionals": [], "switches": {}}
        for token in TOKEN.finditer(rest):
            required = not token["open"]
            if token["switch"]:
                value = {"type": "any"} if token["value"] else None
                spec["switches"][token["switch"]] = {
                    "required": required,
                    "repeated": False,
                    "value": value,
                }
            else:
                value = {"type": "variadic" if token["more"] else "any"}
                spec["positionals"].append(
                    {"name": token["name"], "required": required, "value": value}
                )
        found[command] = spec
    return found


commands = parse(SYNTAX)
"""The name that tclint looks for in a plugin."""
