// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// resident_rows: keeps the first Resident rows of a four-step transform in on-chip memory. It sits
// between the readers and writers of x and z and their AXI masters, and routes each burst by its
// row.
//
//    x writer, x reader --- resident_writer, _reader --- AXI: the other rows of x
//                                     |  |
//                                RAM of Resident rows
//                                     |  |
//    z writer, z reader --- resident_writer, _reader --- AXI: the other rows of z
//
// A transform of at most Resident rows therefore needs no other memory between its halves. Row j of
// z overwrites row j of x in the RAM. That is safe because it depends on all of row j of x, which
// has thus been read. A tile of the next channel's x must not overwrite beats of z that have not
// been read: resident_interlock holds it back. PREPARE has no z; its tiles leave the engine after
// the rows of the previous channel, which have been read by then. On the slave side, row j of x or
// z begins at byte j * 8 * Chunk. In AXI memory, the other rows are contiguous from x_spectra_i and
// from z_spectra_i. The RAM has one write port and one read port. In the order of a four-step
// kernel's work, x and z never need the same port in the same clock; if they did, z would wait.
// With Resident = 0, the two sides are connected directly.
// Handshake: AXI4 on both sides; the slaves' rready and bready must stay high. While stop_i is
// high, nothing waits for the interlock: the job's results are lost, and its bursts only have to
// end.
// Latency: that of resident_writer and resident_reader. Throughput: one beat per clock and port.

module resident_rows #(
  parameter int Lanes = 8,         // words of a beat
  parameter int Chunk = 16384,     // words of a row: a power of two
  parameter int WordBits = 45,
  parameter int RowsLog2 = 7,      // log2 of the most rows: 1 or more
  parameter int Resident = 64,     // rows in the on-chip memory: 0..2^RowsLog2
  localparam int AxiBits = 64 * Lanes,
  localparam int RowsBits = $clog2(RowsLog2 + 1)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  /// level: the job has been stopped; its bursts are only completed
  input  logic                stop_i,
  /// 1: CONVOLVE, 0: PREPARE; stays during a job, as do all arguments
  input  logic                convolve_i,
  /// log2 P
  input  logic [RowsBits-1:0] rows_log2_i,
  /// byte addresses of the rows in AXI memory
  input  logic [63:0]         x_spectra_i,
  input  logic [63:0]         z_spectra_i,
  /// no burst of the writer is presented to AXI or unanswered there; low with Resident = 0
  output logic                x_outside_idle_o,
  output logic                z_outside_idle_o,
  input  logic                      s_axi_x_awvalid,
  output logic                      s_axi_x_awready,
  input  logic [63:0]               s_axi_x_awaddr,
  input  logic [7:0]                s_axi_x_awlen,
  input  logic [0:0]                s_axi_x_awid,
  input  logic                      s_axi_x_wvalid,
  output logic                      s_axi_x_wready,
  input  logic [AxiBits-1:0]        s_axi_x_wdata,
  input  logic [AxiBits/8-1:0]      s_axi_x_wstrb,
  input  logic                      s_axi_x_wlast,
  output logic                      s_axi_x_bvalid,
  input  logic                      s_axi_x_bready,
  output logic [1:0]                s_axi_x_bresp,
  output logic [0:0]                s_axi_x_bid,
  input  logic                      s_axi_x_arvalid,
  output logic                      s_axi_x_arready,
  input  logic [63:0]               s_axi_x_araddr,
  input  logic [7:0]                s_axi_x_arlen,
  input  logic [0:0]                s_axi_x_arid,
  output logic                      s_axi_x_rvalid,
  input  logic                      s_axi_x_rready,
  output logic [AxiBits-1:0]        s_axi_x_rdata,
  output logic [1:0]                s_axi_x_rresp,
  output logic                      s_axi_x_rlast,
  output logic [0:0]                s_axi_x_rid,
  input  logic                      s_axi_z_awvalid,
  output logic                      s_axi_z_awready,
  input  logic [63:0]               s_axi_z_awaddr,
  input  logic [7:0]                s_axi_z_awlen,
  input  logic [0:0]                s_axi_z_awid,
  input  logic                      s_axi_z_wvalid,
  output logic                      s_axi_z_wready,
  input  logic [AxiBits-1:0]        s_axi_z_wdata,
  input  logic [AxiBits/8-1:0]      s_axi_z_wstrb,
  input  logic                      s_axi_z_wlast,
  output logic                      s_axi_z_bvalid,
  input  logic                      s_axi_z_bready,
  output logic [1:0]                s_axi_z_bresp,
  output logic [0:0]                s_axi_z_bid,
  input  logic                      s_axi_z_arvalid,
  output logic                      s_axi_z_arready,
  input  logic [63:0]               s_axi_z_araddr,
  input  logic [7:0]                s_axi_z_arlen,
  input  logic [0:0]                s_axi_z_arid,
  output logic                      s_axi_z_rvalid,
  input  logic                      s_axi_z_rready,
  output logic [AxiBits-1:0]        s_axi_z_rdata,
  output logic [1:0]                s_axi_z_rresp,
  output logic                      s_axi_z_rlast,
  output logic [0:0]                s_axi_z_rid,
  output logic                      m_axi_x_awvalid,
  input  logic                      m_axi_x_awready,
  output logic [63:0]               m_axi_x_awaddr,
  output logic [7:0]                m_axi_x_awlen,
  output logic [0:0]                m_axi_x_awid,
  output logic                      m_axi_x_wvalid,
  input  logic                      m_axi_x_wready,
  output logic [AxiBits-1:0]        m_axi_x_wdata,
  output logic [AxiBits/8-1:0]      m_axi_x_wstrb,
  output logic                      m_axi_x_wlast,
  input  logic                      m_axi_x_bvalid,
  output logic                      m_axi_x_bready,
  input  logic [1:0]                m_axi_x_bresp,
  input  logic [0:0]                m_axi_x_bid,
  output logic                      m_axi_x_arvalid,
  input  logic                      m_axi_x_arready,
  output logic [63:0]               m_axi_x_araddr,
  output logic [7:0]                m_axi_x_arlen,
  output logic [0:0]                m_axi_x_arid,
  input  logic                      m_axi_x_rvalid,
  output logic                      m_axi_x_rready,
  input  logic [AxiBits-1:0]        m_axi_x_rdata,
  input  logic [1:0]                m_axi_x_rresp,
  input  logic                      m_axi_x_rlast,
  input  logic [0:0]                m_axi_x_rid,
  output logic                      m_axi_z_awvalid,
  input  logic                      m_axi_z_awready,
  output logic [63:0]               m_axi_z_awaddr,
  output logic [7:0]                m_axi_z_awlen,
  output logic [0:0]                m_axi_z_awid,
  output logic                      m_axi_z_wvalid,
  input  logic                      m_axi_z_wready,
  output logic [AxiBits-1:0]        m_axi_z_wdata,
  output logic [AxiBits/8-1:0]      m_axi_z_wstrb,
  output logic                      m_axi_z_wlast,
  input  logic                      m_axi_z_bvalid,
  output logic                      m_axi_z_bready,
  input  logic [1:0]                m_axi_z_bresp,
  input  logic [0:0]                m_axi_z_bid,
  output logic                      m_axi_z_arvalid,
  input  logic                      m_axi_z_arready,
  output logic [63:0]               m_axi_z_araddr,
  output logic [7:0]                m_axi_z_arlen,
  output logic [0:0]                m_axi_z_arid,
  input  logic                      m_axi_z_rvalid,
  output logic                      m_axi_z_rready,
  input  logic [AxiBits-1:0]        m_axi_z_rdata,
  input  logic [1:0]                m_axi_z_rresp,
  input  logic                      m_axi_z_rlast,
  input  logic [0:0]                m_axi_z_rid
);

  initial begin
    if (RowsLog2 < 1 || Resident < 0 || Resident > 1 << RowsLog2) begin
      $fatal(1, "resident_rows: Resident must be 0 to 2^RowsLog2, and RowsLog2 1 or more");
    end
  end

  if (Resident == 0) begin : gen_none
    assign m_axi_x_awvalid = s_axi_x_awvalid;
    assign s_axi_x_awready = m_axi_x_awready;
    assign m_axi_x_awaddr  = s_axi_x_awaddr;
    assign m_axi_x_awlen   = s_axi_x_awlen;
    assign m_axi_x_awid    = s_axi_x_awid;
    assign m_axi_x_wvalid  = s_axi_x_wvalid;
    assign s_axi_x_wready  = m_axi_x_wready;
    assign m_axi_x_wdata   = s_axi_x_wdata;
    assign m_axi_x_wstrb   = s_axi_x_wstrb;
    assign m_axi_x_wlast   = s_axi_x_wlast;
    assign s_axi_x_bvalid  = m_axi_x_bvalid;
    assign m_axi_x_bready  = s_axi_x_bready;
    assign s_axi_x_bresp   = m_axi_x_bresp;
    assign s_axi_x_bid     = m_axi_x_bid;
    assign m_axi_x_arvalid = s_axi_x_arvalid;
    assign s_axi_x_arready = m_axi_x_arready;
    assign m_axi_x_araddr  = s_axi_x_araddr;
    assign m_axi_x_arlen   = s_axi_x_arlen;
    assign m_axi_x_arid    = s_axi_x_arid;
    assign s_axi_x_rvalid  = m_axi_x_rvalid;
    assign m_axi_x_rready  = s_axi_x_rready;
    assign s_axi_x_rdata   = m_axi_x_rdata;
    assign s_axi_x_rresp   = m_axi_x_rresp;
    assign s_axi_x_rlast   = m_axi_x_rlast;
    assign s_axi_x_rid     = m_axi_x_rid;
    assign m_axi_z_awvalid = s_axi_z_awvalid;
    assign s_axi_z_awready = m_axi_z_awready;
    assign m_axi_z_awaddr  = s_axi_z_awaddr;
    assign m_axi_z_awlen   = s_axi_z_awlen;
    assign m_axi_z_awid    = s_axi_z_awid;
    assign m_axi_z_wvalid  = s_axi_z_wvalid;
    assign s_axi_z_wready  = m_axi_z_wready;
    assign m_axi_z_wdata   = s_axi_z_wdata;
    assign m_axi_z_wstrb   = s_axi_z_wstrb;
    assign m_axi_z_wlast   = s_axi_z_wlast;
    assign s_axi_z_bvalid  = m_axi_z_bvalid;
    assign m_axi_z_bready  = s_axi_z_bready;
    assign s_axi_z_bresp   = m_axi_z_bresp;
    assign s_axi_z_bid     = m_axi_z_bid;
    assign m_axi_z_arvalid = s_axi_z_arvalid;
    assign s_axi_z_arready = m_axi_z_arready;
    assign m_axi_z_araddr  = s_axi_z_araddr;
    assign m_axi_z_arlen   = s_axi_z_arlen;
    assign m_axi_z_arid    = s_axi_z_arid;
    assign s_axi_z_rvalid  = m_axi_z_rvalid;
    assign m_axi_z_rready  = s_axi_z_rready;
    assign s_axi_z_rdata   = m_axi_z_rdata;
    assign s_axi_z_rresp   = m_axi_z_rresp;
    assign s_axi_z_rlast   = m_axi_z_rlast;
    assign s_axi_z_rid     = m_axi_z_rid;
    assign x_outside_idle_o = 1'b0;
    assign z_outside_idle_o = 1'b0;

    logic unused;
    assign unused = &{1'b0, clk_i, rst_ni, stop_i, convolve_i, rows_log2_i, x_spectra_i,
                      z_spectra_i};
  end else begin : gen_rows
    localparam int ChunkBeats = Chunk / Lanes;
    localparam int ChunkBeatsLog2 = $clog2(ChunkBeats);
    localparam int BeatBits = Lanes * WordBits;
    localparam int Depth = Resident * ChunkBeats;
    localparam int AddrBits = $clog2(Depth);
    localparam int CountBits = $clog2(Depth + 1);
    localparam int RowBytesLog2 = $clog2(8 * Chunk);
    // A register behind every four UltraRAMs, of 4,096 words, in a column.
    localparam int DataClocks = (Depth + 16383) / 16384;
    localparam int ReadClocks = 2 + DataClocks;

    // What the job's arguments decide.
    logic [RowsLog2:0]    rows;
    logic [CountBits-1:0] beats_q;   // of a channel, in this memory
    logic [63:0]          x_base_q;  // the first row in AXI memory, less its address at the slave
    logic [63:0]          z_base_q;

    assign rows = (RowsLog2 + 1)'(1) << rows_log2_i;

    always_ff @(posedge clk_i) begin
      beats_q  <= CountBits'(((rows < (RowsLog2 + 1)'(Resident)) ? 32'(rows) : Resident)
                             << ChunkBeatsLog2);
      x_base_q <= x_spectra_i - (64'(Resident) << RowBytesLog2);
      z_base_q <= z_spectra_i - (64'(Resident) << RowBytesLog2);
    end

    logic                x_write;
    logic                z_write;
    logic [AddrBits-1:0] x_waddr;
    logic [AddrBits-1:0] z_waddr;
    logic [BeatBits-1:0] x_wdata;
    logic [BeatBits-1:0] z_wdata;
    logic                x_read;
    logic                z_read;
    logic [AddrBits-1:0] x_raddr;
    logic [AddrBits-1:0] z_raddr;
    logic [BeatBits-1:0] rdata;
    logic                waits;
    logic                ahead;
    logic                open;

    assign waits = convolve_i && !stop_i;
    assign open  = ahead || !waits;

    resident_interlock #(
      .Places(Depth)
    ) u_interlock (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .beats_i(beats_q),
      .write_i(x_write && waits),
      .read_i (z_read && !x_read && waits),
      .open_o (ahead)
    );

    resident_writer #(
      .Lanes   (Lanes),
      .Chunk   (Chunk),
      .WordBits(WordBits),
      .RowsLog2(RowsLog2),
      .Resident(Resident)
    ) u_x_writer (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .base_i        (x_base_q),
      .open_i        (open),
      .write_o       (x_write),
      .grant_i       (1'b1),
      .waddr_o       (x_waddr),
      .wdata_o       (x_wdata),
      .outside_idle_o(x_outside_idle_o),
      .s_axi_awvalid (s_axi_x_awvalid),
      .s_axi_awready (s_axi_x_awready),
      .s_axi_awaddr  (s_axi_x_awaddr),
      .s_axi_awlen   (s_axi_x_awlen),
      .s_axi_awid    (s_axi_x_awid),
      .s_axi_wvalid  (s_axi_x_wvalid),
      .s_axi_wready  (s_axi_x_wready),
      .s_axi_wdata   (s_axi_x_wdata),
      .s_axi_wstrb   (s_axi_x_wstrb),
      .s_axi_wlast   (s_axi_x_wlast),
      .s_axi_bvalid  (s_axi_x_bvalid),
      .s_axi_bready  (s_axi_x_bready),
      .s_axi_bresp   (s_axi_x_bresp),
      .s_axi_bid     (s_axi_x_bid),
      .m_axi_awvalid (m_axi_x_awvalid),
      .m_axi_awready (m_axi_x_awready),
      .m_axi_awaddr  (m_axi_x_awaddr),
      .m_axi_awlen   (m_axi_x_awlen),
      .m_axi_awid    (m_axi_x_awid),
      .m_axi_wvalid  (m_axi_x_wvalid),
      .m_axi_wready  (m_axi_x_wready),
      .m_axi_wdata   (m_axi_x_wdata),
      .m_axi_wstrb   (m_axi_x_wstrb),
      .m_axi_wlast   (m_axi_x_wlast),
      .m_axi_bvalid  (m_axi_x_bvalid),
      .m_axi_bready  (m_axi_x_bready),
      .m_axi_bresp   (m_axi_x_bresp),
      .m_axi_bid     (m_axi_x_bid)
    );

    resident_reader #(
      .Lanes     (Lanes),
      .Chunk     (Chunk),
      .WordBits  (WordBits),
      .RowsLog2  (RowsLog2),
      .Resident  (Resident),
      .ReadClocks(ReadClocks)
    ) u_x_reader (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .base_i       (x_base_q),
      .read_o       (x_read),
      .grant_i      (1'b1),
      .raddr_o      (x_raddr),
      .rdata_i      (rdata),
      .s_axi_arvalid(s_axi_x_arvalid),
      .s_axi_arready(s_axi_x_arready),
      .s_axi_araddr (s_axi_x_araddr),
      .s_axi_arlen   (s_axi_x_arlen),
      .s_axi_arid    (s_axi_x_arid),
      .s_axi_rvalid  (s_axi_x_rvalid),
      .s_axi_rdata   (s_axi_x_rdata),
      .s_axi_rresp   (s_axi_x_rresp),
      .s_axi_rlast   (s_axi_x_rlast),
      .s_axi_rid     (s_axi_x_rid),
      .m_axi_arvalid(m_axi_x_arvalid),
      .m_axi_arready(m_axi_x_arready),
      .m_axi_araddr (m_axi_x_araddr),
      .m_axi_arlen   (m_axi_x_arlen),
      .m_axi_arid    (m_axi_x_arid),
      .m_axi_rvalid  (m_axi_x_rvalid),
      .m_axi_rready  (m_axi_x_rready),
      .m_axi_rdata   (m_axi_x_rdata),
      .m_axi_rresp   (m_axi_x_rresp),
      .m_axi_rlast   (m_axi_x_rlast),
      .m_axi_rid     (m_axi_x_rid)
    );

    resident_writer #(
      .Lanes   (Lanes),
      .Chunk   (Chunk),
      .WordBits(WordBits),
      .RowsLog2(RowsLog2),
      .Resident(Resident)
    ) u_z_writer (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .base_i        (z_base_q),
      .open_i        (1'b1),
      .write_o       (z_write),
      .grant_i       (!x_write),
      .waddr_o       (z_waddr),
      .wdata_o       (z_wdata),
      .outside_idle_o(z_outside_idle_o),
      .s_axi_awvalid (s_axi_z_awvalid),
      .s_axi_awready (s_axi_z_awready),
      .s_axi_awaddr  (s_axi_z_awaddr),
      .s_axi_awlen   (s_axi_z_awlen),
      .s_axi_awid    (s_axi_z_awid),
      .s_axi_wvalid  (s_axi_z_wvalid),
      .s_axi_wready  (s_axi_z_wready),
      .s_axi_wdata   (s_axi_z_wdata),
      .s_axi_wstrb   (s_axi_z_wstrb),
      .s_axi_wlast   (s_axi_z_wlast),
      .s_axi_bvalid  (s_axi_z_bvalid),
      .s_axi_bready  (s_axi_z_bready),
      .s_axi_bresp   (s_axi_z_bresp),
      .s_axi_bid     (s_axi_z_bid),
      .m_axi_awvalid (m_axi_z_awvalid),
      .m_axi_awready (m_axi_z_awready),
      .m_axi_awaddr  (m_axi_z_awaddr),
      .m_axi_awlen   (m_axi_z_awlen),
      .m_axi_awid    (m_axi_z_awid),
      .m_axi_wvalid  (m_axi_z_wvalid),
      .m_axi_wready  (m_axi_z_wready),
      .m_axi_wdata   (m_axi_z_wdata),
      .m_axi_wstrb   (m_axi_z_wstrb),
      .m_axi_wlast   (m_axi_z_wlast),
      .m_axi_bvalid  (m_axi_z_bvalid),
      .m_axi_bready  (m_axi_z_bready),
      .m_axi_bresp   (m_axi_z_bresp),
      .m_axi_bid     (m_axi_z_bid)
    );

    resident_reader #(
      .Lanes     (Lanes),
      .Chunk     (Chunk),
      .WordBits  (WordBits),
      .RowsLog2  (RowsLog2),
      .Resident  (Resident),
      .ReadClocks(ReadClocks)
    ) u_z_reader (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .base_i       (z_base_q),
      .read_o       (z_read),
      .grant_i      (!x_read),
      .raddr_o      (z_raddr),
      .rdata_i      (rdata),
      .s_axi_arvalid(s_axi_z_arvalid),
      .s_axi_arready(s_axi_z_arready),
      .s_axi_araddr (s_axi_z_araddr),
      .s_axi_arlen   (s_axi_z_arlen),
      .s_axi_arid    (s_axi_z_arid),
      .s_axi_rvalid  (s_axi_z_rvalid),
      .s_axi_rdata   (s_axi_z_rdata),
      .s_axi_rresp   (s_axi_z_rresp),
      .s_axi_rlast   (s_axi_z_rlast),
      .s_axi_rid     (s_axi_z_rid),
      .m_axi_arvalid(m_axi_z_arvalid),
      .m_axi_arready(m_axi_z_arready),
      .m_axi_araddr (m_axi_z_araddr),
      .m_axi_arlen   (m_axi_z_arlen),
      .m_axi_arid    (m_axi_z_arid),
      .m_axi_rvalid  (m_axi_z_rvalid),
      .m_axi_rready  (m_axi_z_rready),
      .m_axi_rdata   (m_axi_z_rdata),
      .m_axi_rresp   (m_axi_z_rresp),
      .m_axi_rlast   (m_axi_z_rlast),
      .m_axi_rid     (m_axi_z_rid)
    );

    // The RAM, with registers on both sides.
    logic                write_q;
    logic [AddrBits-1:0] waddr_q;
    logic [BeatBits-1:0] wdata_q;
    logic                read_q;
    logic [AddrBits-1:0] raddr_q;
    logic [BeatBits-1:0] ram_data;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        write_q <= 1'b0;
        read_q  <= 1'b0;
      end else begin
        write_q <= x_write || z_write;
        read_q  <= x_read || z_read;
      end
    end

    always_ff @(posedge clk_i) begin
      waddr_q <= x_write ? x_waddr : z_waddr;
      wdata_q <= x_write ? x_wdata : z_wdata;
      raddr_q <= x_read ? x_raddr : z_raddr;
    end

    ram #(
      .Width(BeatBits),
      .Depth(Depth),
      .Style("ultra")
    ) u_ram (
      .clk_i  (clk_i),
      .write_i(write_q),
      .waddr_i(waddr_q),
      .wdata_i(wdata_q),
      .read_i (read_q),
      .raddr_i(raddr_q),
      .rdata_o(ram_data)
    );

    delay #(
      .Width (BeatBits),
      .Clocks(DataClocks)
    ) u_data (
      .clk_i (clk_i),
      .data_i(ram_data),
      .data_o(rdata)
    );

    logic unused;
    assign unused = &{1'b0, s_axi_x_rready, s_axi_z_rready};
  end

endmodule
