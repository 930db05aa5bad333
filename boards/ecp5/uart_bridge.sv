// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// uart_bridge: gives a host read and write access to a memory and registers over a serial line. A
// command is
//   W (0x57), address (4 bytes), count (2 bytes), count words (4 bytes each): answered with
//     K (0x4B)
//   R (0x52), address (4 bytes), count (2 bytes): answered with count words
// with the least significant byte first. Addresses are in bytes and must be multiples of 4:
//   bit 31 clear: the memory
//   bit 31 set, bit 30 clear: the registers behind m_axi_control_*, 4 KiB of them
//   bits 31 and 30 set, the others clear: the bridge's own register, the clocks per bit (at least
//     4), which changes after the K of the write has been sent completely
// The bridge answers an error with E (0x45) at once and drops everything that follows until the
// line has been quiet for 2^SilenceLog2 bits; then it accepts the next command. Errors are an
// unknown command byte, a count of 0, a range that is not within the memory or the registers, an
// error response from the registers, too few clocks per bit, a missing stop bit, a pause of
// 2^SilenceLog2 bits inside a command, and a byte before the previous answer has ended. Words
// before the failing one take effect: they are written, or their answers precede the E.
// Handshake: AXI4-Lite, one access at a time; memory valid/ready with one request outstanding, and
// rvalid at least one clock after the request was accepted. A write must end before the next byte
// arrives, within 10 * clocks per bit.
// Latency: 2 clocks from uart_rx's pulse for a word's last byte to the request, 2 clocks from its
// answer to the start bit. Throughput: the line's.

module uart_bridge #(
  parameter int ClocksPerBit = 80,  // after reset; 4..65535
  parameter int MemWords = 16384,   // at least 2
  parameter int SilenceLog2 = 16,   // 2^16 bits are 66 ms at 1 Mbit/s
  localparam int MemAddrBits = $clog2(MemWords)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   rx_i,
  output logic                   tx_o,

  output logic                   mem_valid_o,
  input  logic                   mem_ready_i,
  output logic                   mem_write_o,
  /// in words
  output logic [MemAddrBits-1:0] mem_addr_o,
  output logic [31:0]            mem_wdata_o,
  input  logic                   mem_rvalid_i,
  input  logic [31:0]            mem_rdata_i,

  output logic                   m_axi_control_awvalid,
  input  logic                   m_axi_control_awready,
  output logic [11:0]            m_axi_control_awaddr,
  output logic                   m_axi_control_wvalid,
  input  logic                   m_axi_control_wready,
  output logic [31:0]            m_axi_control_wdata,
  output logic [3:0]             m_axi_control_wstrb,
  input  logic                   m_axi_control_bvalid,
  output logic                   m_axi_control_bready,
  input  logic [1:0]             m_axi_control_bresp,
  output logic                   m_axi_control_arvalid,
  input  logic                   m_axi_control_arready,
  output logic [11:0]            m_axi_control_araddr,
  input  logic                   m_axi_control_rvalid,
  output logic                   m_axi_control_rready,
  input  logic [31:0]            m_axi_control_rdata,
  input  logic [1:0]             m_axi_control_rresp
);

  localparam logic [7:0] Write = 8'h57;
  localparam logic [7:0] Read = 8'h52;
  localparam logic [7:0] Done = 8'h4B;
  localparam logic [7:0] Refused = 8'h45;
  localparam int MinClocksPerBit = 4;
  localparam int RegWords = 1024;
  localparam int AddrBits = (MemAddrBits > 10) ? MemAddrBits : 10;
  localparam int EndBits = ((AddrBits > 16) ? AddrBits : 16) + 1;

  initial begin
    if (ClocksPerBit < MinClocksPerBit || ClocksPerBit > 65535) begin
      $fatal(1, "uart_bridge: ClocksPerBit must be 4..65535");
    end
    if (MemWords < 2 || MemAddrBits > 27) begin
      $fatal(1, "uart_bridge: MemWords must be 2..2^27");
    end
    if (SilenceLog2 < 4) $fatal(1, "uart_bridge: SilenceLog2 must be at least 4");
  end

  typedef enum logic [3:0] {
    StIdle,     // wait for a command byte
    StAddress,
    StCount,
    StEnd,      // add the count to the address
    StJudge,
    StData,     // receive a word to write
    StRequest,
    StAccess,
    StAnswer,   // send a word that was read
    StDone,
    StSent,     // wait until the K has been sent
    StRefuse,
    StQuiet     // drop bytes until the line is quiet
  } state_e;

  state_e               state_q;
  state_e               state_d;
  logic [15:0]          clocks_per_bit_q;
  logic [SilenceLog2:0] silence_q;    // quiet time of the line in bits, saturating at the limit
  logic                 silent;
  logic                 rx_valid;
  logic [7:0]           rx_data;
  logic                 rx_error;
  logic                 rx_quiet;
  logic                 rx_bit;
  logic                 tx_valid;
  logic                 tx_ready;
  logic [7:0]           tx_data;
  logic                 write_q;
  logic                 registers_q;  // address bit 31
  logic                 own_q;        // address bit 30
  logic                 outside_q;    // unmapped address bits, or a misaligned address
  logic [AddrBits-1:0]  addr_q;       // in words
  logic [15:0]          count_q;      // words not yet requested
  logic [EndBits-1:0]   end_q;        // the first word after the command's range
  logic [1:0]           bytes_q;      // bytes received of the current field
  logic [31:0]          word_q;
  logic [31:0]          received;     // the word with the byte just received on top
  logic                 takes_bytes;
  logic                 stray_q;      // an unexpected byte, or a missing stop bit
  logic                 bad_range;
  logic                 bad_divisor;
  logic                 mem_valid_q;
  logic                 aw_valid_q;
  logic                 w_valid_q;
  logic                 ar_valid_q;
  logic                 access_done;
  logic                 access_bad;

  // ---------------------------------------------------------------------------------------------
  // The line.

  uart_rx u_rx (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .clocks_per_bit_i(clocks_per_bit_q),
    .rx_i            (rx_i),
    .valid_o         (rx_valid),
    .data_o          (rx_data),
    .error_o         (rx_error),
    .quiet_o         (rx_quiet),
    .bit_o           (rx_bit)
  );

  uart_tx u_tx (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .clocks_per_bit_i(clocks_per_bit_q),
    .valid_i         (tx_valid),
    .ready_o         (tx_ready),
    .data_i          (tx_data),
    .tx_o            (tx_o)
  );

  assign silent = silence_q[SilenceLog2];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      silence_q <= '0;
    end else if (!rx_quiet) begin
      silence_q <= '0;
    end else if (rx_bit && !silent) begin
      silence_q <= silence_q + 1'b1;
    end
  end

  assign tx_data  = (state_q == StDone) ? Done : (state_q == StRefuse) ? Refused : word_q[7:0];
  assign tx_valid = (state_q == StAnswer && !stray_q) || state_q == StDone || state_q == StRefuse;
  assign received = {rx_data, word_q[31:8]};

  // ---------------------------------------------------------------------------------------------
  // What a command addresses, and whether that exists.

  always_comb begin
    bad_range = outside_q || count_q == '0;
    if (!registers_q && end_q > EndBits'(MemWords)) bad_range = 1'b1;
    if (registers_q && end_q > EndBits'(own_q ? 1 : RegWords)) bad_range = 1'b1;
  end

  assign bad_divisor = word_q[31:16] != '0 || word_q[15:0] < 16'(MinClocksPerBit);

  always_ff @(posedge clk_i) begin
    if (state_q == StIdle) write_q <= (rx_data == Write);
    if (state_q == StAddress && rx_valid && bytes_q == 2'd3) begin
      registers_q <= received[31];
      own_q       <= received[30];
      outside_q   <= received[1:0] != '0 || (received[30] && !received[31])
          || received[29:AddrBits+2] != '0;
    end
    end_q <= EndBits'(addr_q) + EndBits'(count_q);
  end

  // ---------------------------------------------------------------------------------------------
  // Accesses.

  always_comb begin
    if (!registers_q) begin
      access_done = write_q ? mem_valid_q && mem_ready_i : mem_rvalid_i;
      access_bad  = 1'b0;
    end else if (own_q) begin
      access_done = 1'b1;
      access_bad  = write_q && bad_divisor;
    end else begin
      access_done = write_q ? m_axi_control_bvalid : m_axi_control_rvalid;
      access_bad  = (write_q ? m_axi_control_bresp : m_axi_control_rresp) != 2'b00;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      mem_valid_q <= 1'b0;
      aw_valid_q  <= 1'b0;
      w_valid_q   <= 1'b0;
      ar_valid_q  <= 1'b0;
    end else begin
      if (mem_ready_i) mem_valid_q <= 1'b0;
      if (m_axi_control_awready) aw_valid_q <= 1'b0;
      if (m_axi_control_wready) w_valid_q <= 1'b0;
      if (m_axi_control_arready) ar_valid_q <= 1'b0;
      if (state_q == StRequest) begin
        mem_valid_q <= !registers_q;
        aw_valid_q  <= registers_q && !own_q && write_q;
        w_valid_q   <= registers_q && !own_q && write_q;
        ar_valid_q  <= registers_q && !own_q && !write_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == StAccess && !write_q) begin
      if (!registers_q) word_q <= mem_rdata_i;
      else if (own_q) word_q <= {16'b0, clocks_per_bit_q};
      else word_q <= m_axi_control_rdata;
    end else if (takes_bytes ? rx_valid : state_q == StAnswer && tx_ready) begin
      word_q <= received;
    end
  end

  // ---------------------------------------------------------------------------------------------
  // The state machine of a command.

  always_comb begin
    unique case (state_q)
      StIdle, StAddress, StCount, StData: takes_bytes = 1'b1;
      default:                            takes_bytes = 1'b0;
    endcase
  end

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StIdle: begin
        if (rx_valid) state_d = StRefuse;
        if (rx_valid && (rx_data == Write || rx_data == Read)) state_d = StAddress;
      end
      StAddress: if (rx_valid && bytes_q == 2'd3) state_d = StCount;
      StCount:   if (rx_valid && bytes_q == 2'd1) state_d = StEnd;
      StEnd:     state_d = StJudge;
      StJudge: begin
        if (bad_range) state_d = StRefuse;
        else if (write_q) state_d = StData;
        else state_d = StRequest;
      end
      StData:    if (rx_valid && bytes_q == 2'd3) state_d = StRequest;
      StRequest: state_d = StAccess;
      StAccess: begin
        if (access_done && access_bad) state_d = StRefuse;
        else if (access_done && !write_q) state_d = StAnswer;
        else if (access_done && count_q == '0) state_d = StDone;
        else if (access_done) state_d = StData;
      end
      StAnswer: begin
        if (tx_ready && bytes_q == 2'd3) state_d = StRequest;
        if (tx_ready && bytes_q == 2'd3 && count_q == '0) state_d = StIdle;
      end
      StDone:    if (tx_ready) state_d = StSent;
      StSent:    if (tx_ready) state_d = StIdle;
      StRefuse:  if (tx_ready) state_d = StQuiet;
      default:   if (silent) state_d = StIdle;  // StQuiet
    endcase
    if (stray_q && (takes_bytes || state_q == StAnswer)) state_d = StRefuse;
    if (silent && takes_bytes && state_q != StIdle) state_d = StRefuse;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q          <= StIdle;
      stray_q          <= 1'b0;
      clocks_per_bit_q <= 16'(ClocksPerBit);
    end else begin
      state_q <= state_d;
      stray_q <= state_q != StQuiet && (stray_q || rx_error || (rx_valid && !takes_bytes));
      if (state_q == StSent && tx_ready && registers_q && own_q) clocks_per_bit_q <= word_q[15:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_d != state_q) bytes_q <= '0;
    else if (takes_bytes ? rx_valid : tx_ready) bytes_q <= bytes_q + 1'b1;
    if (state_q == StAddress && rx_valid) addr_q <= received[AddrBits+1:2];
    if (state_q == StAccess && access_done) addr_q <= addr_q + 1'b1;
    if (state_q == StCount && rx_valid) count_q <= received[31:16];
    if (state_q == StRequest) count_q <= count_q - 1'b1;
  end

  assign mem_valid_o = mem_valid_q;
  assign mem_write_o = write_q;
  assign mem_addr_o  = addr_q[MemAddrBits-1:0];
  assign mem_wdata_o = word_q;

  assign m_axi_control_awvalid = aw_valid_q;
  assign m_axi_control_awaddr  = {addr_q[9:0], 2'b00};
  assign m_axi_control_wvalid  = w_valid_q;
  assign m_axi_control_wdata   = word_q;
  assign m_axi_control_wstrb   = 4'b1111;
  assign m_axi_control_bready  = 1'b1;
  assign m_axi_control_arvalid = ar_valid_q;
  assign m_axi_control_araddr  = {addr_q[9:0], 2'b00};
  assign m_axi_control_rready  = 1'b1;

endmodule
