// Copyright 2026 The Crocuta authors
// SPDX-License-Identifier: Apache-2.0
//
// The simulated kernel as a C library: host/crocuta/simulation/kernel_tb.sv compiled by Verilator,
// with its clock, its registers and direct access to its memories. rtl_kernel.py loads it by
// ctypes.
//
// Functions that can fail return a negative number; crocuta_error then has the reason.

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vkernel_tb.h"
#include "Vkernel_tb___024root.h"
#include "verilated.h"
#include "verilated_syms.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

// Everything else stays hidden, so that libraries of several configurations can share a process.
#define CROCUTA_API __attribute__((visibility("default")))

// The library is built with VL_USER_FATAL and VL_USER_STOP: Verilator's own versions of these would
// end the Python process that loaded it.
void vl_fatal(const char* filename, int line, const char*, const char* message) {
    throw std::runtime_error(std::string(filename) + ":" + std::to_string(line) + ": " + message);
}

void vl_stop(const char* filename, int line, const char* hier) {
    vl_fatal(filename, line, hier, "the simulation stopped itself");
}

namespace {

constexpr int kResetClocks = 8;
constexpr int kAnswerClocks = 1000;  // no register access takes longer
constexpr int kStageClocks = 64;     // no beat takes longer through a stage's registers
constexpr int kCounts = 6;           // of job_observer

struct Memory {
    std::uint32_t* words;
    std::uint64_t bytes;
    SData* latency;
    SData* bandwidth;
    SData* stall;
    IData* seed;
    CData* read_error;
    QData* read_error_addr;
    CData* write_error;
    QData* write_error_addr;
    CData* response;
    CData* hold;
    const QData* beats_read;
    const QData* beats_written;
    const CData* protocol_breach;
};

// A module whose clock stops while no beat is in its registers (rtl_kernel.vlt lists them). The
// contents of its memories and counters change only with valid beats, and nothing reads what else
// changes in it meanwhile, so only the simulation's speed depends on this.
struct Stage {
    CData* forced;
    CData* clk;
    const CData* rst_n;
    const CData* valid;
    int clocks_left;
};

struct Kernel {
    VerilatedContext context;
    Vkernel_tb top{&context};
    Memory memories[4];  // in the order of Bank
    std::vector<Stage> stages;
    std::uint64_t clocks = 0;
    // What job_observer said in the clock in which the last job ended.
    std::uint64_t ended = 0;
    std::uint64_t end_clock = 0;
    std::uint32_t counts[kCounts] = {};
    std::string error;

    Kernel();

    ~Kernel() { select(); }

    // Verilator keeps the thread's context in a global, which may be another kernel's or stale.
    void select() { Verilated::threadContextp(&context); }

    void find_stages();

    // The clock is low.
    void stop_clocks(bool on) {
        for (Stage& stage : stages) {
            *stage.forced = on;
            *stage.clk = 0;
            stage.clocks_left = kStageClocks;
        }
    }

#if VM_TRACE
    VerilatedFstC waves;

    // A time step is half a clock.
    void dump(int half) {
        if (waves.isOpen()) waves.dump(2 * clocks + half);
    }
#else
    void dump(int) {}
#endif

    void clock() {
        top.clk_i = 1;
        for (Stage& stage : stages) {
            if (*stage.valid || !*stage.rst_n) stage.clocks_left = kStageClocks;
            *stage.clk = stage.clocks_left > 0;
            stage.clocks_left -= *stage.clk;
        }
        top.eval();
        dump(0);
        if (top.observed_done_o) {
            ++ended;
            end_clock = clocks;
            for (int n = 0; n < kCounts; ++n) counts[n] = top.observed_counts_o[n];
        }
        top.clk_i = 0;
        for (Stage& stage : stages) *stage.clk = 0;
        top.eval();
        dump(1);
        ++clocks;
    }

    // Clocks until `ready` was 1 at a rising edge. The caller has set the inputs.
    void wait_for(const CData& ready, const char* channel) {
        for (int n = 0; n < kAnswerClocks; ++n) {
            top.eval();
            const bool accepted = ready;
            clock();
            if (accepted) return;
        }
        throw std::runtime_error(std::string("no answer on the control port's ") + channel);
    }

    void write(std::uint32_t offset, std::uint32_t value) {
        top.s_axi_control_awaddr = offset;
        top.s_axi_control_wdata = value;
        top.s_axi_control_wstrb = 0xf;
        top.s_axi_control_awvalid = 1;
        wait_for(top.s_axi_control_awready, "AW");
        top.s_axi_control_awvalid = 0;
        top.s_axi_control_wvalid = 1;
        wait_for(top.s_axi_control_wready, "W");
        top.s_axi_control_wvalid = 0;
        top.s_axi_control_bready = 1;
        wait_for(top.s_axi_control_bvalid, "B");
        top.s_axi_control_bready = 0;
    }

    std::uint32_t read(std::uint32_t offset) {
        top.s_axi_control_araddr = offset;
        top.s_axi_control_arvalid = 1;
        wait_for(top.s_axi_control_arready, "AR");
        top.s_axi_control_arvalid = 0;
        // The data stays until it is accepted, so read it first.
        for (int n = 0; n < kAnswerClocks && !top.s_axi_control_rvalid; ++n) clock();
        const std::uint32_t data = top.s_axi_control_rdata;
        top.s_axi_control_rready = 1;
        wait_for(top.s_axi_control_rvalid, "R");
        top.s_axi_control_rready = 0;
        return data;
    }
};

template <typename Array>
Memory memory_of(Array& mem) {
    Memory memory{};
    memory.words = mem[0].data();
    memory.bytes = sizeof(mem);
    return memory;
}

void Kernel::find_stages() {
    for (const auto& [name, scope] : *context.scopeNameMap()) {
        const VerilatedVar* forced = scope->varFind("clk_i__VforceEn");
        const VerilatedVar* clk = scope->varFind("clk_i__VforceVal");
        const VerilatedVar* rst_n = scope->varFind("rst_ni");
        const VerilatedVar* valid = scope->varFind("valid_i");
        if (!forced || !clk || !rst_n || !valid) continue;
        stages.push_back({static_cast<CData*>(forced->datap()), static_cast<CData*>(clk->datap()),
                          static_cast<const CData*>(rst_n->datap()),
                          static_cast<const CData*>(valid->datap()), 0});
    }
    if (stages.empty()) throw std::runtime_error("no stage's clock can be stopped");
}

Kernel::Kernel() {
#if VM_TRACE
    context.traceEverOn(true);
#endif
    auto* root = top.rootp;
#define CROCUTA_MEMORY(index, name)                                          \
    memories[index] = memory_of(root->kernel_tb__DOT__u_##name##__DOT__mem); \
    memories[index].latency = &top.name##_latency_i;                         \
    memories[index].bandwidth = &top.name##_bandwidth_i;                     \
    memories[index].stall = &top.name##_stall_i;                             \
    memories[index].seed = &top.name##_seed_i;                               \
    memories[index].read_error = &top.name##_read_error_i;                   \
    memories[index].read_error_addr = &top.name##_read_error_addr_i;         \
    memories[index].write_error = &top.name##_write_error_i;                 \
    memories[index].write_error_addr = &top.name##_write_error_addr_i;       \
    memories[index].response = &top.name##_response_i;                       \
    memories[index].hold = &top.name##_hold_i;                               \
    memories[index].beats_read = &top.name##_beats_read_o;                   \
    memories[index].beats_written = &top.name##_beats_written_o;             \
    memories[index].protocol_breach = &top.name##_protocol_breach_o
    CROCUTA_MEMORY(0, samples);
    CROCUTA_MEMORY(1, x_spectra);
    CROCUTA_MEMORY(2, h_spectra);
    CROCUTA_MEMORY(3, z_spectra);
#undef CROCUTA_MEMORY
    for (Memory& memory : memories) *memory.bandwidth = 1000;
    find_stages();
    top.quiet_i = 1;  // violations are queried, not printed
    top.clk_i = 0;
    top.rst_ni = 0;
    top.eval();
    stop_clocks(true);  // the first evaluation frees them
}

// Runs `function` and turns an exception into a negative number and a message.
template <typename Function>
std::int64_t guarded(Kernel* kernel, Function function) {
    try {
        kernel->select();
        return function();
    } catch (const std::exception& error) {
        kernel->error = error.what();
        return -1;
    }
}

}  // namespace

extern "C" {

/// Creates a kernel in reset with zeroed memories; null on failure.
CROCUTA_API Kernel* crocuta_create() {
    try {
        return new Kernel;
    } catch (const std::exception& error) {
        VL_PRINTF("%s\n", error.what());
        return nullptr;
    }
}

#if VM_TRACE
/// Writes an FST file of everything from now on, until the kernel is destroyed.
CROCUTA_API std::int64_t crocuta_open_waves(Kernel* kernel, const char* path) {
    return guarded(kernel, [=] {
        kernel->stop_clocks(false);
        kernel->top.trace(&kernel->waves, 99);
        kernel->waves.open(path);
        if (!kernel->waves.isOpen()) throw std::runtime_error("the file for waves cannot be written");
        return std::int64_t{0};
    });
}

CROCUTA_API void crocuta_close_waves(Kernel* kernel) { kernel->waves.close(); }
#endif

CROCUTA_API void crocuta_destroy(Kernel* kernel) { delete kernel; }

CROCUTA_API const char* crocuta_error(const Kernel* kernel) { return kernel->error.c_str(); }

/// Clocks since the kernel was created.
CROCUTA_API std::uint64_t crocuta_clocks(const Kernel* kernel) { return kernel->clocks; }

CROCUTA_API std::int64_t crocuta_reset(Kernel* kernel) {
    return guarded(kernel, [=] {
        kernel->top.rst_ni = 0;
        for (int n = 0; n < kResetClocks; ++n) kernel->clock();
        kernel->top.rst_ni = 1;
        kernel->clock();
        return 0;
    });
}

CROCUTA_API std::int64_t crocuta_write(Kernel* kernel, std::uint32_t offset, std::uint32_t value) {
    return guarded(kernel, [=] {
        kernel->write(offset, value);
        return 0;
    });
}

/// The register's 32 bits.
CROCUTA_API std::int64_t crocuta_read(Kernel* kernel, std::uint32_t offset) {
    return guarded(kernel, [=] { return std::int64_t{kernel->read(offset)}; });
}

/// Runs at most `clocks` clocks, fewer if the interrupt comes; returns 1 if it is pending.
CROCUTA_API std::int64_t crocuta_run(Kernel* kernel, std::uint64_t clocks) {
    return guarded(kernel, [=] {
        for (std::uint64_t n = 0; n < clocks && !kernel->top.interrupt_o; ++n) kernel->clock();
        return std::int64_t{kernel->top.interrupt_o};
    });
}

/// The memory's contents and their size.
CROCUTA_API std::uint32_t* crocuta_memory(Kernel* kernel, int memory, std::uint64_t* bytes) {
    *bytes = kernel->memories[memory].bytes;
    return kernel->memories[memory].words;
}

/// Latency in clocks, bandwidth and stall chance in 1/1000; the seed takes effect at the reset.
CROCUTA_API void crocuta_set_timing(Kernel* kernel, int memory, std::uint16_t latency, std::uint16_t bandwidth,
                        std::uint16_t stall, std::uint32_t seed) {
    const Memory& m = kernel->memories[memory];
    *m.latency = latency;
    *m.bandwidth = bandwidth;
    *m.stall = stall;
    *m.seed = seed;
}

/// Whether to stop the clocks of stages without a beat, as by default: the results are the same.
CROCUTA_API void crocuta_stop_clocks(Kernel* kernel, int on) { kernel->stop_clocks(on != 0); }

/// Answers the beat at `address` with `response`, or (`on` == 0) no beat.
CROCUTA_API void crocuta_set_error(Kernel* kernel, int memory, int write, int on, std::uint64_t address,
                       int response) {
    const Memory& m = kernel->memories[memory];
    *m.response = response;
    *(write ? m.write_error : m.read_error) = on != 0;
    *(write ? m.write_error_addr : m.read_error_addr) = address;
}

/// Lets nothing more move on the channels whose bits are set: AR, R, AW, W and B from bit 0.
CROCUTA_API void crocuta_hold(Kernel* kernel, int memory, int channels) {
    *kernel->memories[memory].hold = channels;
}

/// The jobs that have ended, the clock of the last one's end, the counters that it should have, and
/// whether a pass has taken a beat wrongly since the last job began.
CROCUTA_API void crocuta_observed(const Kernel* kernel, std::uint64_t* state) {
    state[0] = kernel->ended;
    state[1] = kernel->end_clock;
    for (int n = 0; n < kCounts; ++n) state[2 + n] = kernel->counts[n];
    state[2 + kCounts] = kernel->top.observed_wrong_o;
}

/// Since the reset: beats read, beats written, and the first protocol violation (0: none).
CROCUTA_API void crocuta_memory_state(const Kernel* kernel, int memory, std::uint64_t* state) {
    const Memory& m = kernel->memories[memory];
    state[0] = *m.beats_read;
    state[1] = *m.beats_written;
    state[2] = *m.protocol_breach;
}

}  // extern "C"
