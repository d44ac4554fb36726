/* A .kolam file of any bytes, as a stranger hands it in: it is read, drawn, checked, flattened and written to, or refused. */
#include "canvas_probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static const char *path;
    if (!path) {
        path = probe_path("test.kolam");
    }
    probe_write(path, bytes, size_bytes);
    probe_canvas(path, size_bytes);
    probe_remove(path);
    return 0;
}
