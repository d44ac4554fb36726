/* The size first, then the text into memory that is there; see json_text.h. */
#include "kolam/json_text.h"

#include "kolam/alloc.h"

char *kolam_json_text(const json_t *value) {
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    const size_t size = value ? json_dumpb(value, NULL, 0, flags) : 0;
    char *text = size > 0 ? kolam_alloc(size + 1) : NULL;
    if (text && json_dumpb(value, text, size, flags) != size) {
        kolam_free(text);
        return NULL;
    }
    if (text) {
        text[size] = '\0';
    }
    return text;
}
