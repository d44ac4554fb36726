# The ink kernel and the op codec for the browser: build/web/ink.wasm, some 30 KB, no imports.
#
# -fno-math-errno makes a square root one instruction; it changes no result. SIMD, bulk memory and
# saturating conversions are in every browser since 2023 (Safari 16.4 the last). It is part of the
# first load, so all but what goes through pixels is built for size.

WASM_CC ?= clang
WASM_FLAGS := --target=wasm32 -std=gnu11 -ffreestanding -ffp-contract=off -fno-math-errno \
  -msimd128 -mbulk-memory -mnontrapping-fptoint -fvisibility=hidden -Os \
  -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude
WASM_SOURCES := ink ink_distance ink_area ink_grain ink_fill ink_pixels ink_wasm geometry op op_encode homes
WASM_OBJECTS := $(patsubst %,build/wasm/%.o,$(WASM_SOURCES))

build/wasm/ink_distance.o build/wasm/ink_pixels.o build/wasm/ink_grain.o: WASM_FLAGS += -O2

build/wasm/%.o: tiles/%.c $(wildcard include/kolam/*.h tiles/ink*.h tiles/pressure.h) tiles/wasm.mk
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_FLAGS) -c -o $@ $<

build/web/ink.wasm: $(WASM_OBJECTS)
	@echo "  WASM  $@"
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_FLAGS) -nostdlib -Wl,--no-entry,--gc-sections,--strip-all,-z,stack-size=65536 \
	  -o $@ $(WASM_OBJECTS)
