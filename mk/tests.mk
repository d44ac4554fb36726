# Test programs; tests/run decides which run, in which order, and counts.

SUITES := house unit every-fault pixel asan tsan fuzz web wire cli wire-asan wire-tsan crash browser

TEST_SOURCES := $(wildcard tests/unit/test_*.c tests/pixel/test_*.c)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(O)/%)
# Tests of the network and of the verbs; the others link, and build, without those parts.
APP_TESTS := $(if $(TEST_SOURCES),$(shell grep -lE '^\#include "(\.\./)*(server|tools)/' $(TEST_SOURCES)))
THREAD_TESTS := $(if $(TEST_SOURCES),$(shell grep -liE 'pthread|thread-test' $(TEST_SOURCES)))
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_PROGRAMS := $(FUZZ_SOURCES:%.c=$(O)/%)
# What several tests share, if anything.
TEST_SUPPORT := $(call objects,tests/support/*.c)
# What several fuzzers share; the server without its network takes the network's place, so only they may have it.
FUZZ_PROBE := $(O)/tests/fuzz/canvas_probe.o $(O)/tests/fuzz/sql_rows.o
FUZZ_SERVER := $(O)/tests/fuzz/inner_server.o

# Tests of faults: the linker brings them the calls by which the engine changes files, beside SQLite.
FAULT_SUPPORT := $(call objects,tests/support/faults/*.c)
FAULT_TESTS := $(if $(TEST_SOURCES),$(shell grep -l '^\#include "tests/support/faults/' $(TEST_SOURCES)))
FAULT_CALLS := open __open_2 close fsync fdatasync write pwrite ftruncate rename link unlink mkdir \
  read pread stat access flock rmdir mkdtemp getrandom
# Threads that take turns; ThreadSanitizer is there to see real ones.
FAULT_THREADS := $(if $(findstring thread,$(SANITIZE)),,pthread_create pthread_join pthread_cond_wait \
  pthread_cond_timedwait pthread_cond_signal pthread_cond_broadcast)

$(TEST_PROGRAMS): TEST_LIBS = $(TILES_LIBS)
$(FAULT_TESTS:%.c=$(O)/%): TEST_WRAP = $(patsubst %,-Wl$(comma)--wrap=%,$(FAULT_CALLS) $(FAULT_THREADS))
$(FAULT_TESTS:%.c=$(O)/%): $(FAULT_SUPPORT)
$(APP_TESTS:%.c=$(O)/%): TEST_LIBS = $(LIBS)
$(APP_TESTS:%.c=$(O)/%): $(O)/libkolam-app.a
$(TEST_PROGRAMS): $(O)/%: $(O)/%.o $(TEST_SUPPORT) $(OUT)/libkolam.a
	@echo "  LINK  $@"
	@$(CC) $(LINK) $(TEST_WRAP) -o $@ $(filter %.o,$^) $(filter %-app.a,$^) $(OUT)/libkolam.a -lcmocka $(TEST_LIBS)

$(O)/tests/fuzz/fuzz_message $(O)/tests/fuzz/fuzz_http: $(FUZZ_SERVER)
$(FUZZ_PROGRAMS): $(O)/%: $(O)/%.o $(FUZZ_PROBE) $(TEST_SUPPORT) $(O)/libkolam-app.a $(OUT)/libkolam.a
	@echo "  LINK  $@"
	@$(CC) $(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

test-programs: $(TEST_PROGRAMS)
thread-test-programs: $(THREAD_TESTS:%.c=$(O)/%)
fuzz-programs: $(FUZZ_PROGRAMS)

test:
	@scripts/deps test
	@CC='$(CC)' tests/run

test-long:
	@scripts/deps test-long
	@CC='$(CC)' tests/run --long

# Every fault of the engine's fault tests, a minute at a time: it goes on where it was stopped. SECONDS=N for so long.
test-faults: $(FAULT_TESTS:%.c=$(O)/%)
	@KOLAM_FAULT_TESTS=$(abspath $(O)/tests/unit) nice -n 19 node tests/faults.mjs $(if $(filter command line,$(origin SECONDS)),--seconds $(SECONDS))

$(SUITES:%=test-%): test-%:
	@CC='$(CC)' tests/run $*

# Coverage-guided, for as long as one likes: objects of their own, which tell everywhere where they have been. SECONDS is what each
# harness is to have been clean for in all; it goes on where it was stopped.
SECONDS ?= 60
HARNESS ?=
FUZZ_KIND := address,undefined,fuzzer-no-link
fuzz:
	@$(MAKE) --no-print-directory CC=clang SANITIZE=$(FUZZ_KIND) \
	  $(if $(HARNESS),$(HARNESS:%=build/clang-address-undefined-fuzzer-no-link/tests/fuzz/fuzz_%),fuzz-programs)
	@node tests/fuzz/run.mjs build/clang-address-undefined-fuzzer-no-link/tests/fuzz $(SECONDS) $(HARNESS)

# A crowd, kills and attackers for so many minutes; again to go on. See tests/soak/soak.mjs.
soak: all
	@KOLAM_BIN=$(abspath $(BIN)) node tests/soak/soak.mjs --minutes $(or $(MINUTES),10)

BENCH_SOURCES := $(wildcard tests/bench/bench_*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(O)/%)
APP_BENCHES := $(if $(BENCH_SOURCES),$(shell grep -lE '^\#include "(server|tools)/' $(BENCH_SOURCES)))
$(BENCH_PROGRAMS): TEST_LIBS = $(TILES_LIBS)
$(APP_BENCHES:%.c=$(O)/%): TEST_LIBS = $(LIBS)
$(APP_BENCHES:%.c=$(O)/%): $(O)/libkolam-app.a
$(BENCH_PROGRAMS): $(O)/%: $(O)/%.o $(TEST_SUPPORT) $(OUT)/libkolam.a
	@echo "  LINK  $@"
	@$(CC) $(LINK) -o $@ $(filter %.o,$^) $(filter %-app.a,$^) $(OUT)/libkolam.a $(TEST_LIBS)

# What the fan-out is measured against; see tests/bench/fanout.mjs, which makes it by this name.
$(OUT)/fanout_bare: $(O)/tests/bench/support/fanout_bare.o $(OUT)/libkolam.a
	@echo "  LINK  $@"
	@$(CC) $(LINK) -o $@ $^ $(TILES_LIBS)

# Hostile programs against a server on which honest artists draw; NAME="slow-readers ..." for some of them. What was measured
# stays in build/hostile/rows.ndjson, and the next run goes on from there; remove it to measure anew.
hostile: all
	@KOLAM_BIN=$(abspath $(BIN)) node tests/hostile/run.mjs --rows build/hostile/rows.ndjson --table build/hostile/table.md $(NAME)

bench: all $(BENCH_PROGRAMS) $(OUT)/fanout_bare
	@for program in $(BENCH_PROGRAMS); do echo "== $$program"; $$program || exit 1; done
	@for script in $(wildcard tests/bench/*.mjs); do \
	  echo "== $$script"; KOLAM_BIN=$(abspath $(BIN)) node $$script || exit 1; done

.PHONY: hostile test test-long test-faults $(SUITES:%=test-%) test-programs thread-test-programs fuzz-programs fuzz soak bench
.SECONDARY:
