/* A request's head, a character at a time; see http_head.h. */
#include "http_head.h"

#include <string.h>

enum part { REQUEST_LINE, REQUEST_CR, NAME_FIRST, NAME, VALUE, VALUE_CR, LAST_CR };

static bool is_in_name(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void add_to_name(struct kolam_head *head, uint8_t c) {
    if (head->name_size < KOLAM_HEAD_NAME_MAX) {
        head->name[head->name_size++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
}

/* The name is whole. False if the header must not be there. */
static bool judge_name(struct kolam_head *head, const struct kolam_head_rules *rules) {
    head->name[head->name_size] = '\0';
    if (rules->loses_next(head->name)) {
        return false;
    }
    memcpy(head->name + head->name_size, ":", 2);
    for (uint32_t i = 0; i < KOLAM_HEAD_ONCE_MAX; i++) {
        if (rules->once[i] && strcmp(rules->once[i], head->name) == 0) {
            if (head->once_seen >> i & 1) {
                return false;
            }
            head->once_seen |= 1u << i;
        }
    }
    return true;
}

/* In the request line and in values. */
static bool step_text(struct kolam_head *head, uint8_t c, enum part after_cr) {
    if (c == '\r') {
        head->at = (uint8_t)after_cr;
    }
    return c != '\0' && c != '\n';
}

static bool step_name(struct kolam_head *head, const struct kolam_head_rules *rules, uint8_t c) {
    if (c == ':') {
        head->at = VALUE;
        return judge_name(head, rules);
    }
    add_to_name(head, c);
    return is_in_name(c);
}

/* False if the head is bad. */
static bool step(struct kolam_head *head, const struct kolam_head_rules *rules, uint8_t c) {
    switch ((enum part)head->at) {
    case REQUEST_LINE:
        return step_text(head, c, REQUEST_CR) && !(c == '\r' && head->size == 1);
    case VALUE:
        return step_text(head, c, VALUE_CR);
    case REQUEST_CR:
    case VALUE_CR:
        head->at = NAME_FIRST;
        return c == '\n';
    case NAME_FIRST:
        head->at = c == '\r' ? LAST_CR : NAME;
        head->name_size = 0;
        return c == '\r' || (c != ':' && step_name(head, rules, c));
    case NAME:
        return step_name(head, rules, c);
    case LAST_CR:
        return c == '\n';
    }
    return false;
}

enum kolam_head_state kolam_head_read(struct kolam_head *head, const struct kolam_head_rules *rules,
                                      const uint8_t *bytes, size_t size, size_t *out_used) {
    for (size_t i = 0; i < size; i++) {
        const bool is_last = head->at == LAST_CR;
        if (++head->size > KOLAM_HEAD_BYTES_MAX || !step(head, rules, bytes[i])) {
            return KOLAM_HEAD_BAD;
        }
        if (is_last) {
            *out_used = i + 1;
            return KOLAM_HEAD_WHOLE;
        }
    }
    return KOLAM_HEAD_MORE;
}
