# The browser client: npm brings the tools, esbuild the bundle, clang the kernel as WebAssembly.

-include tiles/wasm.mk

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)

ifneq ($(wildcard web/package.json),)
web: build/web.txt
else
web:
endif

web/node_modules/kolam-lock.txt: web/package-lock.json
	@scripts/deps node-modules

# A client that could not be built must not look new to the next make, so the mark is written last.
build/web.txt: $(WEB_SOURCES) web/node_modules/kolam-lock.txt $(wildcard build/web/ink.wasm)
	@echo "  WEB   build/web"
	@mkdir -p build/web
	@npm --prefix web run --silent build
	@date > $@

ifneq ($(wildcard tiles/wasm.mk),)
build/web.txt: build/web/ink.wasm
endif

.PHONY: web
