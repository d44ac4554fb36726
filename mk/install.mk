# install and uninstall know the same files. A PREFIX other than the one of the build changes where
# kolam looks for its web client, so the parts that know it are compiled again.

BIN_DIR = $(DESTDIR)$(PREFIX)/bin
WEB_DIR = $(DESTDIR)$(PREFIX)/share/kolam/web
# Where systemd looks for units of what was not installed by the distribution, too (PREFIX=/usr: the distribution's own place).
UNIT_DIR = $(DESTDIR)$(PREFIX)/lib/systemd/system

install: all
	install -d '$(BIN_DIR)' '$(WEB_DIR)'
	install -m 755 $(BIN) '$(BIN_DIR)/kolam'
	cd build/web && find . -type f -exec install -D -m 644 {} '$(abspath $(WEB_DIR))/{}' \;
	install -d '$(UNIT_DIR)'
	sed 's#@PREFIX@#$(PREFIX)#' share/kolam.service > '$(UNIT_DIR)/kolam.service'
	chmod 644 '$(UNIT_DIR)/kolam.service'

uninstall:
	rm -f '$(BIN_DIR)/kolam'
	rm -rf '$(DESTDIR)$(PREFIX)/share/kolam'
	rm -f '$(UNIT_DIR)/kolam.service'

.PHONY: install uninstall
