/* Names: what may be one, and friendly ones for newcomers. The words are few and were chosen so that
 * every pair reads harmlessly: no colours of skin, no bodies, nothing that is also an insult. */
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kolam/identity.h"

#define NAME_CHARACTERS_MAX 40

static const char *const adjectives[] = {
    "Amber",      "Bright",   "Breezy",   "Calm",      "Cheerful", "Clear",    "Clever",  "Cosy",
    "Curious",    "Dapper",   "Daring",   "Dreamy",    "Eager",    "Early",    "Easy",    "Fair",
    "Fond",       "Friendly", "Gentle",   "Glad",      "Golden",   "Happy",    "Hearty",  "Honest",
    "Jolly",      "Keen",     "Kind",     "Lively",    "Lucky",    "Mellow",   "Merry",   "Mild",
    "Misty",      "Neat",     "Nimble",   "Noble",     "Patient",  "Peaceful", "Playful", "Polite",
    "Proud",      "Quick",    "Quiet",    "Radiant",   "Ready",    "Restful",  "Rosy",    "Serene",
    "Silver",     "Sincere",  "Snowy",    "Sparkling", "Spry",     "Steady",   "Sunny",   "Swift",
    "Thoughtful", "Tidy",     "Tranquil", "Velvet",    "Vivid",    "Warm",     "Wise",    "Witty",
};

static const char *const beings[] = {
    "Acacia",   "Alder",    "Aster",       "Avocet",  "Badger",   "Bamboo",     "Begonia",
    "Birch",    "Bluebell", "Cedar",       "Chamois", "Clover",   "Crane",      "Cricket",
    "Crocus",   "Curlew",   "Daisy",       "Deer",    "Dolphin",  "Dove",       "Dragonfly",
    "Egret",    "Falcon",   "Fennel",      "Fern",    "Finch",    "Firefly",    "Foxglove",
    "Gazelle",  "Gecko",    "Ginkgo",      "Hare",    "Hazel",    "Heron",      "Hibiscus",
    "Ibis",     "Iris",     "Jasmine",     "Juniper", "Kestrel",  "Kingfisher", "Koala",
    "Larch",    "Lark",     "Lavender",    "Lotus",   "Magnolia", "Manatee",    "Maple",
    "Marigold", "Mimosa",   "Nightingale", "Orchid",  "Otter",    "Panda",      "Peony",
    "Plover",   "Puffin",   "Robin",       "Rowan",   "Seahorse", "Swallow",    "Thistle",
    "Willow",
};

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof(list)[0]))

void kolam_name_generate(uint32_t random, char out_name[KOLAM_NAME_BYTES_MAX + 1]) {
    (void)snprintf(out_name, KOLAM_NAME_BYTES_MAX + 1, "%s %s",
                   adjectives[random % COUNT(adjectives)],
                   beings[random / COUNT(adjectives) % COUNT(beings)]);
}

/* The code point at `text` and its bytes; 0 bytes for what is not UTF-8 (also overlong, surrogates). */
static uint32_t decode_utf8(const char *text, uint32_t *out_code) {
    const unsigned char *at = (const unsigned char *)text;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t size = at[0] < 0x80   ? 1
                    : at[0] < 0xc2 ? 0
                    : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3
                    : at[0] < 0xf5 ? 4
                                   : 0;
    uint32_t code = size == 1 ? at[0] : at[0] & (0x7fu >> size);
    for (uint32_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) { /* also the end of the string */
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (size > 1 &&
        (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))) {
        return 0;
    }
    *out_code = code;
    return size;
}

/* Controls, line breaks, and what turns the direction of the text around it. */
static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static bool is_blank(uint32_t code) {
    return code == ' ' || code == 0xa0 || code == 0x1680 || code == 0x3000 || code == 0x2800 ||
           (code >= 0x2000 && code <= 0x200f) || code == 0x202f || code == 0x205f || code == 0x2060;
}

bool kolam_name_is_plain(const char *name, uint32_t characters_max) {
    uint32_t count = 0, code = 0;
    bool is_visible = false;
    while (*name) {
        uint32_t size = decode_utf8(name, &code);
        if (size == 0 || is_control(code) || ++count > characters_max) {
            return false;
        }
        is_visible |= !is_blank(code);
        name += size;
    }
    return is_visible;
}

bool kolam_name_is_valid(const char *name) {
    return kolam_name_is_plain(name, NAME_CHARACTERS_MAX);
}

bool kolam_name_is_former(const char *name) {
    const char *wanted = KOLAM_FORMER_NAME;
    uint32_t code = 0;
    while (*name) {
        const uint32_t size = decode_utf8(name, &code);
        if (size == 0) {
            return false;
        }
        name += size;
        if (is_blank(code)) {
            continue;
        }
        wanted += *wanted == ' ';
        if (code > 0x7f || tolower((int)code) != *wanted) {
            return false;
        }
        wanted++;
    }
    return *wanted == '\0';
}

bool kolam_name_clean(const char *text, char out_name[KOLAM_NAME_BYTES_MAX + 1]) {
    uint32_t count = 0, code = 0;
    size_t length = 0;
    while (*text && count < NAME_CHARACTERS_MAX) {
        uint32_t size = decode_utf8(text, &code);
        if (size > 0 && !is_control(code)) {
            memcpy(out_name + length, text, size);
            length += size;
            count++;
        }
        text += size > 0 ? size : 1;
    }
    out_name[length] = '\0';
    return kolam_name_is_valid(out_name);
}
