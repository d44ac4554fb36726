/* The rectangle of an address or an option: what passes is finite, inside the world, and has a size. */
#include <math.h>
#include <stdlib.h>

#include "kolam/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static const double scales[] = {0x1p-24, 0.05, 1, 0x1p24};
    struct kolam_region region;
    if (kolam_region_parse_rect((const char *)bytes, size_bytes, &region) != KOLAM_OK) {
        return 0;
    }
    require(isfinite(region.x) && isfinite(region.y));
    require(region.width > 0 && region.height > 0);
    require(region.x >= -0x1p31 && region.x + region.width <= 0x1p31);
    require(region.y >= -0x1p31 && region.y + region.height <= 0x1p31);
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        uint32_t width = 0, height = 0;
        region.scale = scales[i];
        if (kolam_region_size(&region, 16384, &width, &height) == KOLAM_OK) {
            require(width >= 1 && width <= 16384 && height >= 1 && height <= 16384);
        }
    }
    return 0;
}
