# Copyright 2026 The Crocuta authors
# SPDX-License-Identifier: Apache-2.0
#
# Crocuta's commands; `make` alone lists them.

PYTHON ?= python3
SIM    ?= verilator
JOBS   ?= 2
RUN    := .venv/bin/python

# Keep variables that change Python's behaviour away from .venv's Python.
unexport PYTHONHASHSEED PYTHONHOME PYTHONINSPECT PYTHONOPTIMIZE PYTHONPATH PYTHONSTARTUP

torch_wanted := $(filter-out 0,$(TORCH))

# The default python3 is not the user's choice, so it does not replace an environment that another
# Python made.
chosen_python := $(if $(filter file,$(origin PYTHON)),,$(PYTHON))

# Only Verilator's waves need extra headers.
waves_wanted := $(filter-out 0,$(WAVES))

# demo and conv have defaults of their own for the configuration and the backend.
chosen_config := $(if $(CONFIG),--config '$(CONFIG)')
chosen_backend := $(if $(BACKEND),--backend '$(BACKEND)')

# regress defaults to both simulators and all cores.
chosen_sim  := $(if $(filter file,$(origin SIM)),,$(SIM))
chosen_jobs := $(if $(filter file,$(origin JOBS)),0,$(JOBS))

.DEFAULT_GOAL := help
.PHONY: help env sim test regress testplan coverage mutate soak formal signoff registers modules lint format demo \
  conv plan synth resources bench clean

help: ## list the commands
	@echo 'make COMMAND [NAME=value ...], on Debian 12, Ubuntu 24.04 or similar with Python 3.11 or newer:'
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12
	@echo 'Options of sim: SIM=verilator|icarus CONFIG=name SEED=number BENCH=name ONLY=test WAVES=1 (FST);'
	@echo 'of test: SEED=number CPU=40 (the 40 tests with the most CPU time); of demo, conv, synth and the FPGA builds: CONFIG=name; of demo, conv:'
	@echo 'BACKEND=rtl|model; of bitstream: TARGET=name; of xclbin: MODE=hw|hw_emu PLATFORM=name; of regress: SEEDS=number'
	@echo 'ICARUS_SEEDS=number SEED=number TEST=name SIM=name CONFIG=name JOBS=number LIMIT=seconds'
	@echo 'SCHEDULER=tcp://host:port AGAIN=1 LACKING=1; of bench: QUICK=1 PART=name JOBS=number.'
	@echo 'Configurations, in models/configs.toml:' $$(sed -n 's/^\[\(.*\)\].*/\1/p' models/configs.toml | grep -v defaults)
	@echo 'or a variation of one: CONFIG=u200+chunk-32768. Options of plan: LENGTH= FILTER_LENGTH= CHANNELS='
	@echo 'DEVICE=u200|ecp5-85k BRAM=2.8MB CLOCK=MHz SNR=dB.'

env: .venv/installed ## install the pinned Python packages into .venv, Icarus and Tcl through apt; TORCH=1: torch too
	$(if $(torch_wanted),@flow/install.sh torch)
	@echo '.venv is ready.'

.venv/installed: requirements.txt pyproject.toml flow/install.sh
	@PYTHON='$(chosen_python)' flow/install.sh

# The file records where the environment was created: a moved or copied one would run the original's code.
ifneq ($(chosen_python)$(CURDIR),$(file <.venv/installed))
.PHONY: .venv/installed
endif

sim: .venv/installed ## run the benches of one test: make sim TEST=fft; without TEST: list the tests
	$(if $(waves_wanted),@flow/install.sh waves)
	@$(RUN) -m flow.simulate '$(TEST)' --sim '$(SIM)' --config '$(CONFIG)' --seed '$(SEED)' \
	  --bench '$(BENCH)' --only '$(ONLY)' $(if $(waves_wanted),--waves)

test: .venv/installed ## run all tests, in JOBS=2 processes
	@$(RUN) -m pytest -n '$(JOBS)' --dist worksteal $(if $(CPU),--cpu '$(CPU)')

regress: .venv/installed ## run all tests on all cores, the benches with SEEDS=3 seeds each
	@$(RUN) -m flow.regress --seeds '$(or $(SEEDS),3)' --seed '$(SEED)' --test '$(TEST)' \
	  --sim '$(chosen_sim)' --config '$(CONFIG)' --icarus-seeds '$(or $(ICARUS_SEEDS),0)' \
	  --jobs '$(chosen_jobs)' --scheduler '$(SCHEDULER)' --limit '$(or $(LIMIT),1200)' \
	  $(if $(filter-out 0,$(AGAIN)),--again) $(if $(filter-out 0,$(LACKING)),--lacking)

testplan: .venv/installed ## join the testplans with the last regression's results and coverage
	@$(RUN) -m flow.testplan

coverage: .venv/installed ## measure line, branch, toggle and functional coverage in Verilator: SEEDS=1; AGAIN=1: resume
	@$(RUN) -m flow.coverage --seeds '$(or $(SEEDS),1)' --seed '$(SEED)' --test '$(TEST)' \
	  --jobs '$(chosen_jobs)' $(if $(filter-out 0,$(AGAIN)),--again)

mutate: .venv/installed ## inject faults into copies of the RTL and count those found; AGAIN=1: resume; FILE=fifo.sv
	@$(RUN) -m flow.mutate --jobs '$(chosen_jobs)' --count '$(or $(COUNT),400)' --seed '$(or $(SEED),1)' \
	  --file '$(FILE)' --test '$(TEST)' --sim '$(chosen_sim)' $(if $(filter-out 0,$(AGAIN)),--again)

soak: .venv/installed ## run random kernels and jobs with stalls, errors and resets for HOURS=1; AGAIN=1: HOURS more
	@$(RUN) -m flow.soak --hours '$(or $(HOURS),1)' --seed '$(SEED)' --jobs '$(chosen_jobs)' \
	  --config '$(CONFIG)' --repeat '$(REPEAT)' $(if $(filter-out 0,$(AGAIN)),--again)

formal: .venv/installed ## run the formal proofs, JOBS=2 at a time; AGAIN=1: keep those that still stand; TASK=fifo-2
	@$(RUN) -m flow.formal '$(TASK)' --jobs '$(JOBS)' $(if $(filter-out 0,$(AGAIN)),--again)

signoff: .venv/installed ## collect the six reports above in docs/signoff.md; OUTDATED=1: mark it outdated
	@$(RUN) -m flow.signoff $(if $(filter-out 0,$(OUTDATED)),--outdated)

registers: .venv/installed ## generate the files derived from registers/crocuta.rdl
	@$(RUN) -m flow.registers

modules: .venv/installed ## update the table of modules in docs/architecture.md
	@$(RUN) -m flow.module_table

lint: .venv/installed ## check the RTL, the Python code and the Tcl
	@$(RUN) -m flow.lint

format: .venv/installed ## format the Python code and the Tcl
	@$(RUN) -m flow.lint --format

demo: .venv/installed ## convolve a genome in the simulated hardware and compare with numpy
	@$(RUN) -m crocuta demo $(chosen_config) $(chosen_backend)

conv: .venv/installed ## convolve two .npy files in simulation: make conv X=x.npy H=h.npy OUT=y.npy
	@test -n '$(X)' && test -n '$(H)' && test -n '$(OUT)' || \
	  { echo 'Name the files: make conv X=x.npy H=h.npy OUT=y.npy' >&2; exit 2; }
	$(if $(waves_wanted),@flow/install.sh waves && mkdir -p build/waves)
	@$(RUN) -m crocuta conv '$(X)' '$(H)' --output '$(OUT)' $(chosen_config) $(chosen_backend) \
	  $(if $(waves_wanted),--waves build/waves/conv.fst)

plan: .venv/installed ## choose a configuration: make plan LENGTH=450k [FILTER_LENGTH=64Ki] [SNR=85]
	@test -n '$(LENGTH)' || { echo 'Give the length of x: make plan LENGTH=450000' >&2; exit 2; }
	@$(RUN) -m crocuta plan --length '$(LENGTH)' \
	  $(if $(FILTER_LENGTH),--filter-length '$(FILTER_LENGTH)') \
	  $(if $(CHANNELS),--channels '$(CHANNELS)') $(if $(DEVICE),--device '$(DEVICE)') \
	  $(if $(BRAM),--bram '$(BRAM)') $(if $(CLOCK),--clock '$(CLOCK)') $(if $(SNR),--snr '$(SNR)')

synth: .venv/installed ## synthesise for UltraScale+ and report the resources: make synth CONFIG=u200
	@$(RUN) -m flow.synth '$(or $(CONFIG),u200)'

resources: .venv/installed ## synthesise every configuration and write docs/resources.md
	@$(RUN) -m flow.resources

bench: .venv/installed ## measure throughput, memory and accuracy against their targets: QUICK=1
	@$(RUN) -m benchmarks --jobs '$(JOBS)' $(if $(PART),--part '$(PART)') \
	  $(if $(filter-out 0,$(QUICK)),--quick)

.PHONY: ooc netlist bitstream program flash xo xclbin

ooc: .venv/installed ## Vivado: route the kernel alone at 300 MHz: make ooc CONFIG=u200
	@$(RUN) -m flow.build ooc $(chosen_config)

netlist: .venv/installed ## Vivado: simulate the netlists that ooc wrote against their vectors
	@$(RUN) -m flow.netlist $(chosen_config)

bitstream: .venv/installed ## build a whole FPGA: make bitstream TARGET=u200 CONFIG=u200
	@$(RUN) -m flow.build bitstream --target '$(or $(TARGET),u200)' $(chosen_config)

program: .venv/installed ## Vivado: load the bitstream into a U200 over USB
	@$(RUN) -m flow.build program $(chosen_config)

flash: .venv/installed ## Vivado: write the bitstream into a U200's flash over USB
	@$(RUN) -m flow.build flash $(chosen_config)

xo: .venv/installed ## Vivado: package the kernel for Vitis: make xo CONFIG=u200
	@$(RUN) -m flow.build xo $(chosen_config)

xclbin: .venv/installed ## Vitis: link the kernel into a platform: make xclbin MODE=hw_emu
	@$(RUN) -m flow.build xclbin $(chosen_config) $(if $(MODE),--mode '$(MODE)') \
	  $(if $(PLATFORM),--platform '$(PLATFORM)')

clean: ## remove build/ (and not .venv)
	rm -rf build
