// The kernel's files, relative to this one, in the order in which data and then control meet them.

// Packages
crocuta_pkg.sv
sizes_pkg.sv
cfp_pkg.sv
four_step_pkg.sv

// Cells that everything is built from
cells/ram.sv
cells/fifo.sv
cells/credit_counter.sv
cells/delay.sv
cells/valid_delay.sv

// Arithmetic on complex floating-point words
arithmetic/float_to_cfp.sv
arithmetic/round_nearest_even.sv
arithmetic/cfp_normalise.sv
arithmetic/cfp_align.sv
arithmetic/cfp_add.sv
arithmetic/cfp_butterfly.sv
arithmetic/cfp_multiply.sv
arithmetic/factor_multiply.sv
arithmetic/cfp_to_float.sv

// The transform
transform/twiddle_rom.sv
transform/commutator.sv
transform/mode_delay.sv
transform/fft_level.sv
transform/fft_engine.sv
transform/twist.sv

// Ports: memory to lanes and back
ports/axi_read_master.sv
ports/axi_write_master.sv
ports/lane_bursts.sv
ports/tile_fetch.sv
ports/rows_to_lanes.sv
ports/sample_reader.sv
ports/tile_bursts.sv
ports/spectrum_writer.sv
ports/spectrum_reader.sv
ports/resident_interlock.sv
ports/resident_writer.sv
ports/resident_reader.sv
ports/resident_rows.sv
ports/lanes_to_rows.sv
ports/tile_flush.sv
ports/sample_writer.sv

// The convolution: what a chunk passes through, and what orders the passes
convolution/forward_path.sv
convolution/mac_operands.sv
convolution/spectral_mac.sv
convolution/overlap_add.sv
convolution/inverse_path.sv
convolution/chunk_sizes.sv
convolution/chunk_walker.sv
convolution/pass_walker.sv
convolution/chunk_controller.sv
convolution/pass_sequencer.sv
convolution/tile_walker.sv
convolution/transform_walker.sv
convolution/engine_feed.sv
convolution/four_step_forward.sv
convolution/four_step_inverse.sv
convolution/four_step_controller.sv

// The kernel
kernel/four_step_core.sv
kernel/job_control.sv
kernel/control_registers.sv
kernel/crocuta_kernel.sv
kernel/four_step_kernel.sv
