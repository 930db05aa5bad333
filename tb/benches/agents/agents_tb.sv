// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// agents_tb: wires between two agents, for the bench of the agents themselves: a stream of beats
// and an AXI4-Lite bus, each from a master side (inputs) to a slave side (outputs). `fault_i`
// breaks one rule on them, which a monitor has to see.

module agents_tb #(
  parameter int Width = 40
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  /// none, a bit of the data turned, a beat withdrawn, one changed while it stands, one repeated,
  /// one of unknown data; the same of the other channels, and an answer to nothing, one lost, one
  /// in reset
  input  logic [3:0]       fault_i,

  input  logic             source_valid_i,
  output logic             source_ready_o,
  input  logic [Width-1:0] source_data_i,
  input  logic             source_last_i,
  output logic             sink_valid_o,
  input  logic             sink_ready_i,
  output logic [Width-1:0] sink_data_o,
  output logic             sink_last_o,

  input  logic             s_axil_awvalid,
  output logic             s_axil_awready,
  input  logic [7:0]       s_axil_awaddr,
  input  logic             s_axil_wvalid,
  output logic             s_axil_wready,
  input  logic [31:0]      s_axil_wdata,
  input  logic [3:0]       s_axil_wstrb,
  output logic             s_axil_bvalid,
  input  logic             s_axil_bready,
  output logic [1:0]       s_axil_bresp,
  input  logic             s_axil_arvalid,
  output logic             s_axil_arready,
  input  logic [7:0]       s_axil_araddr,
  output logic             s_axil_rvalid,
  input  logic             s_axil_rready,
  output logic [31:0]      s_axil_rdata,
  output logic [1:0]       s_axil_rresp,

  output logic             m_axil_awvalid,
  input  logic             m_axil_awready,
  output logic [7:0]       m_axil_awaddr,
  output logic             m_axil_wvalid,
  input  logic             m_axil_wready,
  output logic [31:0]      m_axil_wdata,
  output logic [3:0]       m_axil_wstrb,
  input  logic             m_axil_bvalid,
  output logic             m_axil_bready,
  input  logic [1:0]       m_axil_bresp,
  output logic             m_axil_arvalid,
  input  logic             m_axil_arready,
  output logic [7:0]       m_axil_araddr,
  input  logic             m_axil_rvalid,
  output logic             m_axil_rready,
  input  logic [31:0]      m_axil_rdata,
  input  logic [1:0]       m_axil_rresp
);

  localparam logic [3:0] Turned        = 4'd1;
  localparam logic [3:0] Withdrawn     = 4'd2;
  localparam logic [3:0] Changed       = 4'd3;
  localparam logic [3:0] Repeated      = 4'd4;
  localparam logic [3:0] Unknown       = 4'd5;
  localparam logic [3:0] ReadRefused   = 4'd6;
  localparam logic [3:0] BWithdrawn    = 4'd7;
  localparam logic [3:0] BChanged      = 4'd8;
  localparam logic [3:0] ReadToNothing = 4'd9;
  localparam logic [3:0] BToNothing    = 4'd10;
  localparam logic [3:0] ReadLost      = 4'd11;
  localparam logic [3:0] ReadInReset   = 4'd12;

  // A beat, and an answer to a read, stand since the last clock.
  logic stands_q;
  logic answer_stands_q;
  logic b_stands_q;
  // The beat that was taken last comes a second time.
  logic             again_q;
  logic [Width-1:0] data_q;
  logic             last_q;

  assign sink_valid_o   = (source_valid_i && !(fault_i == Withdrawn && stands_q)) || again_q;
  assign source_ready_o = sink_ready_i && !again_q;
  assign sink_data_o    = (again_q ? data_q : source_data_i) ^
                          Width'(fault_i == Turned || (fault_i == Changed && stands_q));
  assign sink_last_o    = fault_i == Unknown ? 1'bx : again_q ? last_q : source_last_i;

  always_ff @(posedge clk_i) begin
    stands_q        <= rst_ni && sink_valid_o && !sink_ready_i;
    answer_stands_q <= rst_ni && s_axil_rvalid && !s_axil_rready;
    b_stands_q      <= rst_ni && s_axil_bvalid && !s_axil_bready;
    again_q         <= rst_ni && (again_q ? !sink_ready_i :
                                  fault_i == Repeated && source_valid_i && sink_ready_i);
    data_q          <= sink_data_o;
    last_q          <= sink_last_o;
  end

  assign m_axil_awvalid = s_axil_awvalid;
  assign s_axil_awready = rst_ni && m_axil_awready;
  assign m_axil_awaddr  = s_axil_awaddr;
  assign m_axil_wvalid  = s_axil_wvalid;
  assign s_axil_wready  = rst_ni && m_axil_wready;
  assign m_axil_wdata   = s_axil_wdata;
  assign m_axil_wstrb   = s_axil_wstrb;
  assign s_axil_bvalid  = (m_axil_bvalid && !(fault_i == BWithdrawn && b_stands_q)) ||
                          (fault_i == BToNothing && rst_ni);
  assign m_axil_bready  = s_axil_bready;
  assign s_axil_bresp   = m_axil_bresp ^
                          2'(fault_i == Repeated || (fault_i == BChanged && b_stands_q));
  assign m_axil_arvalid = s_axil_arvalid;
  assign s_axil_arready = rst_ni && m_axil_arready;
  assign m_axil_araddr  = s_axil_araddr;
  assign s_axil_rvalid  = (m_axil_rvalid && !(fault_i == Withdrawn && answer_stands_q) &&
                           fault_i != ReadLost) ||
                          (fault_i == ReadToNothing && rst_ni) ||
                          (fault_i == ReadInReset && !rst_ni);
  assign m_axil_rready  = s_axil_rready;
  assign s_axil_rdata   = m_axil_rdata ^
                          32'(fault_i == Turned || (fault_i == Changed && answer_stands_q));
  assign s_axil_rresp   = m_axil_rresp ^ {fault_i == ReadRefused, 1'b0};

endmodule
