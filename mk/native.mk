# The C parts: tiles/ is the library, server/ and tools/ are the command on top of it.

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wvla -Werror
# -ffp-contract=off: pixels must come out the same from every compiler and machine.
LANGUAGE := -std=gnu11 -D_GNU_SOURCE -Iinclude -I. -ffp-contract=off -pthread
# Sanitizers tell functions and lines; more than that makes their builds longer.
CFLAGS ?= -O2 $(if $(SANITIZE),-g1,-g)
LDFLAGS ?=
PACKAGES := libwebsockets cairo pangocairo libpng libzstd sqlite3 jansson zlib libcrypto
PACKAGE_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)

ifneq ($(SANITIZE),)
HARDENING := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LINK_HARDENING := -fsanitize=$(SANITIZE)
else
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_HARDENING := -pie -Wl,-z,relro,-z,now
endif

COMPILE := $(LANGUAGE) $(WARNINGS) $(HARDENING) $(CFLAGS)
LINK := -pthread $(if $(findstring clang,$(CC)),-fuse-ld=lld) $(LINK_HARDENING) -Wl,--as-needed $(LDFLAGS)
TILES_LIBS = $(shell pkg-config --libs cairo pangocairo libpng libzstd sqlite3 jansson zlib libcrypto 2>/dev/null) -lm
LIBS = $(shell pkg-config --libs libwebsockets libssl 2>/dev/null) -lev $(TILES_LIBS)

objects = $(patsubst %.c,$(O)/%.o,$(wildcard $(1)))
TILES_OBJECTS := $(call objects,tiles/*.c)
APP_OBJECTS := $(filter-out %/main.o,$(call objects,server/*.c tools/*.c))
MAIN_OBJECT := $(filter %/main.o,$(call objects,server/*.c tools/*.c))

$(BIN): $(MAIN_OBJECT) $(O)/libkolam-app.a $(OUT)/libkolam.a
	@echo "  LINK  $@"
	@$(CC) $(LINK) -o $@.new $^ $(LIBS) && mv -f $@.new $@
	@[ $(OUT) = build ] || ln -sfn ../web $(OUT)/web # the client is the same for every build

$(OUT)/libkolam.a: $(TILES_OBJECTS)
$(O)/libkolam-app.a: $(APP_OBJECTS)
# D: no dates inside, the same bytes from the same objects. Made beside and moved: what is running, or
# linking, keeps what it has.
%.a: $(O)/objects.txt
	@echo "  AR    $@"
	@mkdir -p $(@D) && rm -f $@.new && ar rcsD $@.new $(filter %.o,$^) && mv -f $@.new $@

$(O)/%.o: %.c $(O)/flags.txt
	@echo "  CC    $<"
	@mkdir -p $(@D)
	@$(CC) $(COMPILE) $(OPTIMIZE) $(COVERAGE) $(PACKAGE_CFLAGS) $(EXTRA) -MMD -MP -c -o $@ $<

# What the fuzzers look into tells them where they have been; the same objects serve the other tests.
FUZZED := tiles/identity tiles/identity_invite tiles/identity_keys tiles/identity_selves tiles/moderation tiles/moderation_audit \
  tiles/moderation_reports tiles/moderation_sanctions tiles/op tiles/op_encode tiles/homes tiles/phrase tiles/policy tiles/policy_record tiles/policy_votes tiles/region \
  tiles/schema tiles/tile_codec tiles/tiles_sqlite server/claims server/history_args server/http_route \
  server/limit_table server/options server/origin server/peer server/protocol_in server/restraint tools/http tools/load_net \
  tools/ndjson tools/stroke_build tools/tool tools/top_sample tools/watch_line tools/wire tools/ws_frame
ifeq ($(findstring clang,$(CC))-$(findstring address,$(SANITIZE)),clang-address)
$(FUZZED:%=$(O)/%.o): COVERAGE = -fsanitize=fuzzer-no-link
endif

# Of the server and the verbs little runs under AddressSanitizer, so that compiling them well took longer than it saved.
ifeq ($(SANITIZE),address$(comma)undefined)
QUICK := -O0
endif
$(O)/server/%.o $(O)/tools/%.o $(O)/tests/unit/%.o: OPTIMIZE = $(QUICK)

# Where an installed kolam finds its web client; see the look-up in server/.
$(O)/server/%.o $(O)/tools/%.o: EXTRA = -DKOLAM_WEB_DIR='"$(PREFIX)/share/kolam/web"'
$(APP_OBJECTS) $(MAIN_OBJECT): $(O)/prefix.txt

# Each file below holds what its name says, and changes only when that does: what was built with
# other flags, or from a file that is gone, is built again.
$(O)/flags.txt: NOTE = $(CC) $(COMPILE) $(QUICK) $(LINK) $(FUZZED)
$(O)/prefix.txt: NOTE = $(PREFIX)
$(O)/objects.txt: NOTE = $(TILES_OBJECTS) $(APP_OBJECTS)
$(O)/flags.txt $(O)/prefix.txt $(O)/objects.txt: note
	@mkdir -p $(@D)
	@echo '$(NOTE)' | cmp -s - $@ || echo '$(NOTE)' > $@
note:
.PHONY: note

-include $(wildcard $(O)/*/*.d $(O)/*/*/*.d $(O)/*/*/*/*.d)
