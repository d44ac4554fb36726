# kolam: `make run` serves, `make test` tests; `make help` lists the rest.
#
# Objects live in build/<compiler>[-<sanitizers>]/, so that builds of different kinds never mix; the
# plain gcc build leaves its results in build/ itself: build/kolam, build/libkolam.a, build/web/.

MAKEFLAGS += --no-builtin-rules
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j2
endif
.SUFFIXES:
.DELETE_ON_ERROR:

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
SANITIZE ?=
ARGS ?=

comma := ,
kind := $(notdir $(firstword $(CC)))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
O := build/$(kind)
OUT := $(if $(filter gcc,$(kind)),build,$(O))
BIN := $(OUT)/kolam

all: $(BIN) web

include mk/native.mk
include mk/tests.mk
include mk/web.mk
include mk/install.mk

# deps must be over before anything is looked for, so what follows runs in a make of its own.
deps:
	@scripts/deps test

run:
	@scripts/deps run
	@$(MAKE) --no-print-directory all
	@exec $(BIN) serve $(ARGS)

lint:
	@scripts/lint

format:
	clang-format -i $(wildcard include/kolam/*.h tiles/*.[ch] server/*.[ch] tools/*.[ch] \
	  tests/*/*.[ch])

clean:
	rm -rf build

help:
	@echo 'make run          install what is missing, build, serve (ARGS="--listen 127.0.0.1:7700")'
	@echo 'make test         install what is missing, run every suite on a sample (make test-long: on all)'
	@echo 'make test-SUITE   one suite: $(SUITES)'
	@echo 'make all          build/kolam and the web client'
	@echo 'make deps         install what building and testing need'
	@echo 'make hostile      hostile programs beside honest artists: what it costs them (NAME="...": some)'
	@echo 'make bench        measure; see docs/architecture.md'
	@echo 'make fuzz         SECONDS=N [HARNESS=name]: odd inputs, guided by coverage, for N seconds each; resumed'
	@echo 'make test-faults  every power cut, failing call and allocation, half an hour; resumed (SECONDS=N: for so long)'
	@echo 'make soak         a crowd, kills and attackers for MINUTES=10; again to go on with the same wall'
	@echo 'make lint         what a machine can check; make format: lay out the C files'
	@echo 'make install      to DESTDIR and PREFIX ($(PREFIX)); make uninstall takes it away'
	@echo 'make clean        remove build/'
	@echo 'CC=gcc|clang  SANITIZE=address,undefined|thread'

.PHONY: all deps run lint format clean help
