# install and uninstall know the same files. A PREFIX other than the one of the build changes where
# kolam looks for its web client, so the parts that know it are compiled again.

BIN_DIR = $(DESTDIR)$(PREFIX)/bin
WEB_DIR = $(DESTDIR)$(PREFIX)/share/kolam/web

install: all
	install -d '$(BIN_DIR)' '$(WEB_DIR)'
	install -m 755 $(BIN) '$(BIN_DIR)/kolam'
	cd build/web && find . -type f -exec install -D -m 644 {} '$(abspath $(WEB_DIR))/{}' \;

uninstall:
	rm -f '$(BIN_DIR)/kolam'
	rm -rf '$(DESTDIR)$(PREFIX)/share/kolam'

.PHONY: install uninstall
