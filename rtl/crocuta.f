ram.sv
fifo.sv
credit_counter.sv
