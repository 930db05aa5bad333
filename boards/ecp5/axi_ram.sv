// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_ram: on-chip memory behind an AXI4 slave, with a second port for the host.
// Handshake: AXI4, aligned INCR bursts of whole beats within 4 KiB, in order; a burst beyond the
// end of the memory gets SLVERR and writes nothing. Strobes apply to whole 32-bit words. The host's
// port (valid/ready, one word per request, one read at a time) uses clocks that AXI leaves free. No
// READY is high in reset, where a transfer would be lost.
// Latency: 2 clocks from AR to the first R beat, 1 clock from the last W beat to B, 3 clocks from a
// host's request to host_rvalid_o. Throughput: one R beat and one W beat per clock, without gaps
// between bursts. A word must not be read and written in the same clock.

module axi_ram #(
  parameter int DataBits = 128,  // bits per beat: a power of two, at least 64
  parameter int Beats = 4096,    // capacity in beats: a power of two, at least 256
  localparam int Words = DataBits / 32,
  localparam int HostAddrBits = $clog2(Words * Beats)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic                    host_valid_i,
  output logic                    host_ready_o,
  input  logic                    host_write_i,
  input  logic [HostAddrBits-1:0] host_addr_i,
  input  logic [31:0]             host_wdata_i,
  output logic                    host_rvalid_o,
  output logic [31:0]             host_rdata_o,
  input  logic                    s_axi_awvalid,
  output logic                    s_axi_awready,
  input  logic [63:0]             s_axi_awaddr,
  input  logic [7:0]              s_axi_awlen,
  input  logic [0:0]              s_axi_awid,
  input  logic                    s_axi_wvalid,
  output logic                    s_axi_wready,
  input  logic [DataBits-1:0]     s_axi_wdata,
  input  logic [DataBits/8-1:0]   s_axi_wstrb,
  output logic                    s_axi_bvalid,
  input  logic                    s_axi_bready,
  output logic [1:0]              s_axi_bresp,
  output logic [0:0]              s_axi_bid,
  input  logic                    s_axi_arvalid,
  output logic                    s_axi_arready,
  input  logic [63:0]             s_axi_araddr,
  input  logic [7:0]              s_axi_arlen,
  input  logic [0:0]              s_axi_arid,
  output logic                    s_axi_rvalid,
  input  logic                    s_axi_rready,
  output logic [DataBits-1:0]     s_axi_rdata,
  output logic [1:0]              s_axi_rresp,
  output logic                    s_axi_rlast,
  output logic [0:0]              s_axi_rid
);

  localparam int OffsetBits = $clog2(DataBits / 8);
  localparam int BeatBits = $clog2(Beats);
  localparam int WordBits = $clog2(Words);
  localparam logic [1:0] Okay = 2'b00;
  localparam logic [1:0] SlaveError = 2'b10;

  initial begin
    if (DataBits < 64 || (DataBits & (DataBits - 1)) != 0) begin
      $fatal(1, "axi_ram: DataBits must be a power of two, at least 64");
    end
    if (Beats < 256 || (Beats & (Beats - 1)) != 0) begin
      $fatal(1, "axi_ram: Beats must be a power of two, at least 256");
    end
  end

  // Reading: the current burst, and the beat at the memory's output.
  logic                reading_q;
  logic [BeatBits-1:0] read_beat_q;
  logic [7:0]          read_left_q;
  logic                read_bad_q;
  logic                read_id_q;
  logic                rvalid_q;
  logic                rlast_q;
  logic                rbad_q;
  logic                rid_q;
  logic                read_step;
  logic                read_last;

  assign read_step     = reading_q && (!rvalid_q || s_axi_rready);
  assign read_last     = (read_left_q == '0);
  assign s_axi_arready = rst_ni && (!reading_q || (read_step && read_last));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      reading_q <= 1'b0;
      rvalid_q  <= 1'b0;
    end else begin
      reading_q <= (s_axi_arvalid && s_axi_arready) || (reading_q && !(read_step && read_last));
      rvalid_q  <= read_step || (rvalid_q && !s_axi_rready);
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axi_arvalid && s_axi_arready) begin
      read_beat_q <= s_axi_araddr[OffsetBits+:BeatBits];
      read_left_q <= s_axi_arlen;
      read_id_q   <= s_axi_arid;
      read_bad_q  <= (s_axi_araddr[63:OffsetBits+BeatBits] != '0);
    end else if (read_step) begin
      read_beat_q <= read_beat_q + 1'b1;
      read_left_q <= read_left_q - 1'b1;
    end
    if (read_step) begin
      rlast_q <= read_last;
      rbad_q  <= read_bad_q;
      rid_q   <= read_id_q;
    end
  end

  // Writing: a beat is written in the clock in which it is accepted.
  logic                writing_q;
  logic [BeatBits-1:0] write_beat_q;
  logic [7:0]          write_left_q;
  logic                write_bad_q;
  logic                write_id_q;
  logic                bvalid_q;
  logic                bbad_q;
  logic                bid_q;
  logic                write_step;
  logic                write_last;

  assign s_axi_wready  = rst_ni && writing_q && (!bvalid_q || s_axi_bready);
  assign write_step    = s_axi_wvalid && s_axi_wready;
  assign write_last    = (write_left_q == '0);
  assign s_axi_awready = rst_ni && (!writing_q || (write_step && write_last));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      writing_q <= 1'b0;
      bvalid_q  <= 1'b0;
    end else begin
      writing_q <= (s_axi_awvalid && s_axi_awready) || (writing_q && !(write_step && write_last));
      bvalid_q  <= (write_step && write_last) || (bvalid_q && !s_axi_bready);
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axi_awvalid && s_axi_awready) begin
      write_beat_q <= s_axi_awaddr[OffsetBits+:BeatBits];
      write_left_q <= s_axi_awlen;
      write_id_q   <= s_axi_awid;
      write_bad_q  <= (s_axi_awaddr[63:OffsetBits+BeatBits] != '0);
    end else if (write_step) begin
      write_beat_q <= write_beat_q + 1'b1;
      write_left_q <= write_left_q - 1'b1;
    end
    if (write_step && write_last) begin
      bbad_q <= write_bad_q;
      bid_q  <= write_id_q;
    end
  end

  // The host: the beat is registered and its word selected a clock later, because the memory's
  // output arrives late and the host's logic is far away.
  logic                host_read;
  logic                host_write;
  logic [1:0]          host_read_q;
  logic [WordBits-1:0] host_word_q;
  logic [DataBits-1:0] host_beat_q;
  logic                host_rvalid_q;
  logic [31:0]         host_rdata_q;

  assign host_read    = rst_ni && host_valid_i && !host_write_i && !reading_q && !rvalid_q;
  assign host_write   = rst_ni && host_valid_i && host_write_i && !writing_q;
  assign host_ready_o = host_read || host_write;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      host_read_q   <= '0;
      host_rvalid_q <= 1'b0;
    end else begin
      host_read_q   <= {host_read_q[0], host_read};
      host_rvalid_q <= host_read_q[1];
    end
  end

  always_ff @(posedge clk_i) begin
    if (host_read) host_word_q <= host_addr_i[WordBits-1:0];
    host_beat_q  <= s_axi_rdata;
    host_rdata_q <= host_beat_q[32*host_word_q+:32];
  end

  // The memory: 32-bit words side by side.
  logic                read;
  logic [BeatBits-1:0] read_beat;
  logic [BeatBits-1:0] write_beat;
  logic                unused_strobes;

  assign read       = read_step || host_read;
  assign read_beat  = reading_q ? read_beat_q : host_addr_i[HostAddrBits-1:WordBits];
  assign write_beat = writing_q ? write_beat_q : host_addr_i[HostAddrBits-1:WordBits];

  for (genvar i = 0; i < Words; i++) begin : gen_word
    logic write;
    assign write = (write_step && !write_bad_q && s_axi_wstrb[4*i]) ||
                   (host_write && host_addr_i[WordBits-1:0] == WordBits'(i));
    ram #(
      .Width(32),
      .Depth(Beats)
    ) u_ram (
      .clk_i  (clk_i),
      .write_i(write),
      .waddr_i(write_beat),
      .wdata_i(writing_q ? s_axi_wdata[32*i+:32] : host_wdata_i),
      .read_i (read),
      .raddr_i(read_beat),
      .rdata_o(s_axi_rdata[32*i+:32])
    );
  end

  // Samples are 32-bit words, so all four strobes of a word are equal.
  assign unused_strobes = ^{s_axi_wstrb, s_axi_awaddr[OffsetBits-1:0],
                            s_axi_araddr[OffsetBits-1:0]};

  assign host_rvalid_o = host_rvalid_q;
  assign host_rdata_o  = host_rdata_q;
  assign s_axi_bvalid  = bvalid_q;
  assign s_axi_bresp   = bbad_q ? SlaveError : Okay;
  assign s_axi_bid     = bid_q;
  assign s_axi_rvalid  = rvalid_q;
  assign s_axi_rlast   = rlast_q;
  assign s_axi_rresp   = rbad_q ? SlaveError : Okay;
  assign s_axi_rid     = rid_q;

endmodule
