# The ink kernel and the op codec for the browser: build/web/ink.wasm, 20-odd KB, no imports.
#
# -fno-math-errno makes a square root one instruction; it changes no result. SIMD, bulk memory and
# saturating conversions are in every browser since 2023 (Safari 16.4 the last).

WASM_CC ?= clang
WASM_SOURCES := tiles/ink.c tiles/ink_distance.c tiles/ink_area.c tiles/ink_pixels.c \
  tiles/ink_wasm.c tiles/geometry.c tiles/op.c tiles/op_encode.c tiles/homes.c
WASM_FLAGS := --target=wasm32 -std=gnu11 -O3 -ffreestanding -ffp-contract=off -fno-math-errno \
  -msimd128 -mbulk-memory -mnontrapping-fptoint -fvisibility=hidden \
  -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude

build/web/ink.wasm: $(WASM_SOURCES) $(wildcard include/kolam/*.h tiles/*.h) tiles/wasm.mk
	@echo "  WASM  $@"
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_FLAGS) -nostdlib -Wl,--no-entry,--gc-sections,--strip-all,-z,stack-size=65536 \
	  -o $@ $(WASM_SOURCES)
