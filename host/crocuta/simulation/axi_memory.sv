// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// axi_memory: a simulation model of a memory behind an AXI4 slave port, with settable latency and
// bandwidth, random stalls, channels that can be held, injected error responses and protocol
// checks. It accepts only aligned INCR bursts of full-width beats that stay within 4 KiB, and
// completes them in order.
// Handshake: AXI4. At most one beat per clock, counting R and W together; when both are possible,
// they alternate. s_axi_wready depends combinationally on s_axi_wvalid.
// Latency: latency_i clocks, at least 2, from the AR handshake to that of the first R beat, and
// from the handshake of the last W beat to that of B, if nothing else stalls.
// Throughput: bandwidth_i beats per 1000 clocks, reads and writes together.
//
// The contents are the unpacked array mem: word n holds the DataBits/8 bytes from address
// n * DataBits/8, the first byte in its low bits.

module axi_memory #(
  parameter int DataBits = 512,  // bits of a beat and of a word: a power of two, 8..1024
  parameter int Words = 65536,   // words: a power of two, at least 2
  parameter int QueueDepth = 64, // most incomplete bursts, for reads and for writes
  parameter int FileBytes = 256, // longest file name
  localparam int StrbBits = DataBits / 8
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // Settings; all but the seed may change at any time.
  input  logic [15:0]            latency_i,
  /// beats per 1000 clocks: 0..1000
  input  logic [15:0]            bandwidth_i,
  /// probability that a channel stalls in a clock, in 1/1000
  input  logic [15:0]            stall_i,
  /// sampled during reset; any value
  input  logic [31:0]            seed_i,
  /// blocks a channel while its bit is set: AR, R, AW, W, B from bit 0
  input  logic [4:0]             hold_i,
  /// the beat at this address returns response_i, with its data
  input  logic                   read_error_i,
  input  logic [63:0]            read_error_addr_i,
  /// the beat at this address is not written, and its burst is answered with response_i
  input  logic                   write_error_i,
  input  logic [63:0]            write_error_addr_i,
  /// the response of these errors: EXOKAY, SLVERR or DECERR
  input  logic [1:0]             response_i,
  /// protocol violations set protocol_error_o and protocol_breach_o but print nothing
  input  logic                   quiet_i,
  // Contents: a hexadecimal file, one word per line, read or written in one clock. Both are ignored
  // before the first reset.
  input  logic                   load_i,
  input  logic                   dump_i,
  /// file name, right-aligned in bytes of ASCII, padded with zeros
  input  logic [8*FileBytes-1:0] file_i,
  // Results since reset.
  output logic [63:0]            beats_read_o,
  output logic [63:0]            beats_written_o,
  /// the protocol was violated
  output logic                   protocol_error_o,
  /// the first violation: see breach_e
  output logic [3:0]             protocol_breach_o,
  // The slave.
  input  logic                   s_axi_awvalid,
  output logic                   s_axi_awready,
  input  logic [63:0]            s_axi_awaddr,
  input  logic [7:0]             s_axi_awlen,
  input  logic [2:0]             s_axi_awsize,
  input  logic [1:0]             s_axi_awburst,
  input  logic [0:0]             s_axi_awid,
  input  logic [3:0]             s_axi_awcache,
  input  logic [2:0]             s_axi_awprot,
  input  logic                   s_axi_wvalid,
  output logic                   s_axi_wready,
  input  logic [DataBits-1:0]    s_axi_wdata,
  input  logic [StrbBits-1:0]    s_axi_wstrb,
  input  logic                   s_axi_wlast,
  output logic                   s_axi_bvalid,
  input  logic                   s_axi_bready,
  output logic [1:0]             s_axi_bresp,
  output logic [0:0]             s_axi_bid,
  input  logic                   s_axi_arvalid,
  output logic                   s_axi_arready,
  input  logic [63:0]            s_axi_araddr,
  input  logic [7:0]             s_axi_arlen,
  input  logic [2:0]             s_axi_arsize,
  input  logic [1:0]             s_axi_arburst,
  input  logic [0:0]             s_axi_arid,
  input  logic [3:0]             s_axi_arcache,
  input  logic [2:0]             s_axi_arprot,
  output logic                   s_axi_rvalid,
  input  logic                   s_axi_rready,
  output logic [DataBits-1:0]    s_axi_rdata,
  output logic [1:0]             s_axi_rresp,
  output logic                   s_axi_rlast,
  output logic [0:0]             s_axi_rid
);

  localparam int OffsetBits = $clog2(StrbBits);
  localparam int IndexBits = $clog2(Words);
  localparam int QueueBits = $clog2(QueueDepth);
  localparam logic [64:0] Bytes = 65'(Words) << OffsetBits;
  // Tokens that a beat costs, and the most that an idle memory saves up.
  localparam logic [15:0] Token = 16'd1000;
  localparam logic [15:0] Saved = 16'd2000;

  initial begin
    if (DataBits < 8 || DataBits > 1024 || (DataBits & (DataBits - 1)) != 0) begin
      $fatal(1, "axi_memory: DataBits must be a power of two, 8 to 1024");
    end
    if (Words < 2 || (Words & (Words - 1)) != 0) begin
      $fatal(1, "axi_memory: Words must be a power of two, at least 2");
    end
    if (QueueDepth < 2 || (QueueDepth & (QueueDepth - 1)) != 0) begin
      $fatal(1, "axi_memory: QueueDepth must be a power of two, at least 2");
    end
  end

  typedef enum logic [3:0] {
    None     = 4'd0,
    Crossing = 4'd1,  // a burst crosses 4 KiB
    Type     = 4'd2,  // a burst is not INCR
    Size     = 4'd3,  // the beats of a burst are not whole words
    Aligned  = 4'd4,  // an address is not a multiple of the word
    Range    = 4'd5,  // a burst lies beyond the memory
    Address  = 4'd6,  // AR or AW changed or was withdrawn before it was accepted
    Data     = 4'd7,  // W changed or was withdrawn before it was accepted
    Last     = 4'd8   // WLAST does not match AWLEN
  } breach_e;

  logic [DataBits-1:0] mem [Words] /* verilator public_flat_rw */;

  integer i;
  initial begin
    for (i = 0; i < Words; i = i + 1) mem[i] = '0;
  end

  // Nothing moves and nothing is checked before the first reset.
  logic run;
  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= started_q || !rst_ni;
  assign run = rst_ni && started_q;

  logic [31:0] now_q;

  // ---------------------------------------------------------------------------------------------
  // Random numbers: 64 bits per clock, a quarter for each channel.
  logic [63:0] random_q;
  logic [63:0] random_a;
  logic [63:0] random_b;
  logic [63:0] random_d;
  logic        stall_data;
  logic        stall_ar;
  logic        stall_aw;
  logic        stall_b;

  function automatic logic stalled(input logic [15:0] draw, input logic [15:0] chance);
    stalled = ((32'(draw) * 32'd1000) >> 16) < 32'(chance);
  endfunction

  assign random_a = random_q ^ (random_q << 13);
  assign random_b = random_a ^ (random_a >> 7);
  assign random_d = random_b ^ (random_b << 17);

  always_ff @(posedge clk_i) begin
    if (!run) begin
      random_q   <= {seed_i, 32'h9e37_79b9};
      stall_data <= 1'b0;
      stall_ar   <= 1'b0;
      stall_aw   <= 1'b0;
      stall_b    <= 1'b0;
    end else if (stall_i == '0) begin
      stall_data <= 1'b0;
      stall_ar   <= 1'b0;
      stall_aw   <= 1'b0;
      stall_b    <= 1'b0;
    end else begin
      random_q   <= random_d;
      stall_data <= stalled(random_d[15:0], stall_i);
      stall_ar   <= stalled(random_d[31:16], stall_i);
      stall_aw   <= stalled(random_d[47:32], stall_i);
      stall_b    <= stalled(random_d[63:48], stall_i);
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Accepted bursts. The pointers have one bit more than an index, to tell full from empty.
  logic [IndexBits-1:0] ar_index [QueueDepth];
  logic [7:0]           ar_len   [QueueDepth];
  logic [0:0]           ar_id    [QueueDepth];
  logic [31:0]          ar_time  [QueueDepth];
  logic [IndexBits-1:0] aw_index [QueueDepth];
  logic [7:0]           aw_len   [QueueDepth];
  logic [0:0]           aw_id    [QueueDepth];
  logic                 b_error  [QueueDepth];
  logic [31:0]          b_time   [QueueDepth];
  logic [QueueBits:0]   ar_tail_q;  // next burst to accept
  logic [QueueBits:0]   ar_head_q;  // burst being read
  logic [QueueBits:0]   aw_tail_q;  // next burst to accept
  logic [QueueBits:0]   aw_head_q;  // burst being written
  logic [QueueBits:0]   b_head_q;   // next burst to acknowledge
  logic [7:0]           read_beat_q;
  logic [7:0]           write_beat_q;
  logic                 write_error_q;  // an earlier beat of the burst was refused

  logic [QueueBits:0] ar_level;
  logic [QueueBits:0] aw_level;
  assign ar_level = ar_tail_q - ar_head_q;
  assign aw_level = aw_tail_q - b_head_q;

  assign s_axi_arready = run && !ar_level[QueueBits] && !stall_ar && !hold_i[0];
  assign s_axi_awready = run && !aw_level[QueueBits] && !stall_aw && !hold_i[2];

  // ---------------------------------------------------------------------------------------------
  // One beat per clock, of R or W.
  logic [15:0]          tokens_q;
  logic [15:0]          tokens_d;
  logic                 allowed;
  logic                 want_read;
  logic                 want_write;
  logic                 turn_q;       // a pending write goes next
  logic                 read_beat;
  logic                 write_beat;
  logic                 read_last;
  logic                 write_last;
  logic [QueueBits-1:0] ar_slot;
  logic [QueueBits-1:0] aw_slot;
  logic [QueueBits-1:0] b_slot;
  logic [31:0]          ar_wait;
  logic [31:0]          b_wait;
  logic [IndexBits-1:0] read_index;
  logic [IndexBits-1:0] write_index;
  logic                 refused;

  assign ar_slot     = ar_head_q[QueueBits-1:0];
  assign aw_slot     = aw_head_q[QueueBits-1:0];
  assign b_slot      = b_head_q[QueueBits-1:0];
  assign ar_wait     = ar_time[ar_slot] - now_q;
  assign b_wait      = b_time[b_slot] - now_q;
  assign allowed     = (tokens_q >= Token) && !stall_data;
  assign want_read   = (ar_head_q != ar_tail_q) && ($signed(ar_wait) <= 0) &&
                       (!s_axi_rvalid || s_axi_rready) && !hold_i[1];
  assign want_write  = (aw_head_q != aw_tail_q) && s_axi_wvalid && !hold_i[3];
  assign read_beat   = allowed && want_read && !(want_write && turn_q);
  assign write_beat  = allowed && want_write && !read_beat;
  assign read_last   = (read_beat_q == ar_len[ar_slot]);
  assign write_last  = (write_beat_q == aw_len[aw_slot]);
  assign read_index  = ar_index[ar_slot] + IndexBits'(read_beat_q);
  assign write_index = aw_index[aw_slot] + IndexBits'(write_beat_q);
  assign refused     = write_error_i && (write_index == write_error_addr_i[OffsetBits+:IndexBits]);

  assign s_axi_wready = write_beat;

  always_comb begin
    tokens_d = tokens_q + bandwidth_i;
    if (read_beat || write_beat) tokens_d = tokens_d - Token;
    if (tokens_d > Saved) tokens_d = Saved;
  end

  function automatic logic [DataBits-1:0] merged(
    input logic [DataBits-1:0] old,
    input logic [DataBits-1:0] data,
    input logic [StrbBits-1:0] strb
  );
    for (int unsigned n = 0; n < StrbBits; n++) begin
      merged[8*n+:8] = strb[n] ? data[8*n+:8] : old[8*n+:8];
    end
  endfunction

  always_ff @(posedge clk_i) begin
    now_q <= now_q + 1'b1;
    if (!run) begin
      now_q           <= '0;
      tokens_q        <= Token;
      turn_q          <= 1'b0;
      ar_tail_q       <= '0;
      ar_head_q       <= '0;
      aw_tail_q       <= '0;
      aw_head_q       <= '0;
      b_head_q        <= '0;
      read_beat_q     <= '0;
      write_beat_q    <= '0;
      write_error_q   <= 1'b0;
      beats_read_o    <= '0;
      beats_written_o <= '0;
      s_axi_rvalid    <= 1'b0;
      s_axi_bvalid    <= 1'b0;
    end else begin
      tokens_q <= tokens_d;
      if (read_beat || write_beat) turn_q <= read_beat;

      if (s_axi_arvalid && s_axi_arready) begin
        ar_index[ar_tail_q[QueueBits-1:0]] <= s_axi_araddr[OffsetBits+:IndexBits];
        ar_len[ar_tail_q[QueueBits-1:0]]   <= s_axi_arlen;
        ar_id[ar_tail_q[QueueBits-1:0]]    <= s_axi_arid;
        // Two clocks always pass: into the queue, and into the output register.
        ar_time[ar_tail_q[QueueBits-1:0]]  <= now_q + 32'(latency_i) - 32'd1;
        ar_tail_q <= ar_tail_q + 1'b1;
      end
      if (s_axi_rready) s_axi_rvalid <= 1'b0;
      if (read_beat) begin
        s_axi_rvalid <= 1'b1;
        s_axi_rdata  <= mem[read_index];
        s_axi_rlast  <= read_last;
        s_axi_rid    <= ar_id[ar_slot];
        s_axi_rresp  <= (read_error_i &&
                         (read_index == read_error_addr_i[OffsetBits+:IndexBits])) ? response_i
                                                                                   : 2'b00;
        read_beat_q  <= read_last ? '0 : read_beat_q + 1'b1;
        if (read_last) ar_head_q <= ar_head_q + 1'b1;
        beats_read_o <= beats_read_o + 1'b1;
      end

      if (s_axi_awvalid && s_axi_awready) begin
        aw_index[aw_tail_q[QueueBits-1:0]] <= s_axi_awaddr[OffsetBits+:IndexBits];
        aw_len[aw_tail_q[QueueBits-1:0]]   <= s_axi_awlen;
        aw_id[aw_tail_q[QueueBits-1:0]]    <= s_axi_awid;
        aw_tail_q <= aw_tail_q + 1'b1;
      end
      if (write_beat) begin
        if (!refused) begin
          if (&s_axi_wstrb) mem[write_index] <= s_axi_wdata;
          else mem[write_index] <= merged(mem[write_index], s_axi_wdata, s_axi_wstrb);
        end
        write_beat_q    <= write_last ? '0 : write_beat_q + 1'b1;
        write_error_q   <= !write_last && (write_error_q || refused);
        beats_written_o <= beats_written_o + 1'b1;
        if (write_last) begin
          b_error[aw_slot] <= write_error_q || refused;
          b_time[aw_slot]  <= now_q + 32'(latency_i) - 32'd1;
          aw_head_q        <= aw_head_q + 1'b1;
        end
      end
      if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (b_head_q != aw_head_q && $signed(b_wait) <= 0 && (!s_axi_bvalid || s_axi_bready) &&
          !stall_b && !hold_i[4]) begin
        s_axi_bvalid <= 1'b1;
        s_axi_bresp  <= b_error[b_slot] ? response_i : 2'b00;
        s_axi_bid    <= aw_id[b_slot];
        b_head_q     <= b_head_q + 1'b1;
      end
    end
  end

  // File access has its own block, so that simulators keep the one above short.
  always @(posedge clk_i) begin
    if (started_q && load_i) $readmemh(file_i, mem);
    if (started_q && dump_i) $writememh(file_i, mem);
  end

  // ---------------------------------------------------------------------------------------------
  // The protocol.
  breach_e                      breach_q;
  logic                         ar_held_q;
  logic                         aw_held_q;
  logic                         w_held_q;
  logic [76:0]                  ar_q;
  logic [76:0]                  aw_q;
  logic [DataBits+StrbBits:0]   w_q;

  function automatic breach_e burst_breach(
    input logic [63:0] addr,
    input logic [7:0]  len,
    input logic [2:0]  size,
    input logic [1:0]  burst
  );
    logic [16:0] bytes;
    bytes = (17'(len) + 17'd1) << OffsetBits;
    burst_breach = None;
    if (65'(addr) + 65'(bytes) > Bytes) burst_breach = Range;
    if (17'(12'(addr)) + bytes > 17'd4096) burst_breach = Crossing;
    if ((addr & 64'(StrbBits - 1)) != '0) burst_breach = Aligned;
    if (size != 3'(OffsetBits)) burst_breach = Size;
    if (burst != 2'b01) burst_breach = Type;
  endfunction

  breach_e breach;

  always_comb begin
    breach = None;
    if (s_axi_awvalid && s_axi_awready) begin
      breach = burst_breach(s_axi_awaddr, s_axi_awlen, s_axi_awsize, s_axi_awburst);
    end
    if (s_axi_arvalid && s_axi_arready && breach == None) begin
      breach = burst_breach(s_axi_araddr, s_axi_arlen, s_axi_arsize, s_axi_arburst);
    end
    if (write_beat && s_axi_wlast != write_last) breach = Last;
    if (w_held_q && {s_axi_wvalid, s_axi_wlast, s_axi_wstrb, s_axi_wdata} != {1'b1, w_q}) begin
      breach = Data;
    end
    if ((aw_held_q && {s_axi_awvalid, s_axi_awaddr, s_axi_awlen, s_axi_awsize, s_axi_awburst} !=
                      {1'b1, aw_q}) ||
        (ar_held_q && {s_axi_arvalid, s_axi_araddr, s_axi_arlen, s_axi_arsize, s_axi_arburst} !=
                      {1'b1, ar_q})) begin
      breach = Address;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!run) begin
      breach_q  <= None;
      ar_held_q <= 1'b0;
      aw_held_q <= 1'b0;
      w_held_q  <= 1'b0;
    end else begin
      ar_held_q <= s_axi_arvalid && !s_axi_arready;
      aw_held_q <= s_axi_awvalid && !s_axi_awready;
      w_held_q  <= s_axi_wvalid && !s_axi_wready;
      ar_q      <= {s_axi_araddr, s_axi_arlen, s_axi_arsize, s_axi_arburst};
      aw_q      <= {s_axi_awaddr, s_axi_awlen, s_axi_awsize, s_axi_awburst};
      if (s_axi_wvalid && !s_axi_wready) w_q <= {s_axi_wlast, s_axi_wstrb, s_axi_wdata};
      if (breach != None && breach_q == None) breach_q <= breach;
    end
  end

  always @(posedge clk_i) begin
    if (run && breach != None && !quiet_i) begin
      unique case (breach)
        Crossing: $error("AXI protocol: a burst crosses 4 KiB");
        Type:     $error("AXI protocol: a burst is not INCR");
        Size:     $error("AXI protocol: AxSIZE is not that of a whole word");
        Aligned:  $error("AXI protocol: a burst starts within a word");
        Range:    $error("AXI protocol: a burst lies beyond the memory");
        Address:  $error("AXI protocol: AR or AW changed before it was accepted");
        Data:     $error("AXI protocol: W changed before it was accepted");
        default:  $error("AXI protocol: WLAST does not match AWLEN");
      endcase
    end
  end

  assign protocol_error_o  = (breach_q != None);
  assign protocol_breach_o = breach_q;

  logic unused_signals;
  assign unused_signals = ^{s_axi_awcache, s_axi_awprot, s_axi_arcache, s_axi_arprot,
                            read_error_addr_i, write_error_addr_i};

endmodule
