ram.sv
fifo.sv
credit_counter.sv
axi_read_master.sv
axi_write_master.sv
spectrum_reader.sv
spectrum_writer.sv
