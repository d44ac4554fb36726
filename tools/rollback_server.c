/* kolam rollback through a server: a short conversation over the WebSocket, one question at a time. The server finds and
 * counts; only once that was agreed to it is asked to apply. The way back is the act, which moderators undo; or one's own:
 * `mine` tells what was hidden, and it is shown again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "rollback.h"
#include "tool.h"

#define ANSWER_MS 120000
#define NAMES_AT_ONCE 256

struct conversation {
    const struct kolam_rollback_order *order;
    struct kolam_error *error;
    struct kolam_url url;
    struct kolam_ws *ws;
    char token[65]; /* one's own, or "" */
    json_t *names;  /* number -> name */
    /* What is being waited for: */
    const char *wanted;    /* a type of message, or NULL */
    json_t *answer;        /* the message of that type */
    uint32_t acknowledged; /* highest counter */
    uint64_t ack_seq;
};

/* ---- what the server says ---- */

static void note_names(struct conversation *talk, const json_t *message) {
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(message, "list"), i, entry) {
        char key[24];
        json_t *name = json_object_get(entry, "name");
        snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(json_object_get(entry, "artist")));
        if (json_is_string(name)) {
            json_object_set(talk->names, key, name);
        }
    }
}

static enum kolam_status on_text(struct conversation *talk, const uint8_t *payload,
                                 size_t size_bytes) {
    const char *type;
    enum kolam_status status = KOLAM_OK;
    json_t *message = kolam_client_parse(payload, size_bytes, &type);
    if (!message) {
        return KOLAM_OK;
    }
    if (strcmp(type, "error") == 0) {
        status = kolam_client_refused(message, talk->error);
    } else if (strcmp(type, "artists") == 0) {
        note_names(talk, message);
    }
    if (talk->wanted && strcmp(type, talk->wanted) == 0) {
        talk->wanted = NULL;
        talk->answer = message;
        return status;
    }
    json_decref(message);
    return status;
}

static enum kolam_status on_record(struct conversation *talk, uint8_t type,
                                   struct kolam_wire_reader payload) {
    struct kolam_wire_ack ack;
    struct kolam_wire_nack nack;
    if (type == KOLAM_WIRE_ACK && kolam_wire_read_ack(payload, &ack) == KOLAM_OK) {
        talk->acknowledged = ack.counter;
        talk->ack_seq = ack.seq;
    } else if (type == KOLAM_WIRE_NACK && kolam_wire_read_nack(payload, &nack) == KOLAM_OK) {
        return kolam_fail(talk->error, KOLAM_ERR_DENIED, "the server refused: %.*s",
                          (int)nack.message_bytes, nack.message);
    }
    return KOLAM_OK;
}

static enum kolam_status on_message(void *ctx, enum kolam_ws_opcode opcode, const uint8_t *payload,
                                    size_t size_bytes) {
    struct conversation *talk = ctx;
    if (opcode == KOLAM_WS_TEXT) {
        return on_text(talk, payload, size_bytes);
    }
    struct kolam_wire_reader frame = {payload, payload + size_bytes, false}, record;
    enum kolam_status status = KOLAM_OK;
    uint8_t type;
    while (status == KOLAM_OK && kolam_wire_record(&frame, &type, &record)) {
        status = on_record(talk, type, record);
    }
    return status;
}

/* ---- asking ---- */

/* Until `is_there` is content. */
static enum kolam_status wait_until(struct conversation *talk,
                                    bool (*is_there)(const struct conversation *talk, uint64_t arg),
                                    uint64_t arg) {
    int64_t deadline_ms = kolam_tool_now_ms() + ANSWER_MS;
    while (!is_there(talk, arg)) {
        int64_t left_ms = deadline_ms - kolam_tool_now_ms();
        if (left_ms <= 0) {
            return kolam_fail(talk->error, KOLAM_ERR_IO, "the server does not answer");
        }
        enum kolam_status status =
            kolam_ws_step(talk->ws, (int)left_ms, -1, on_message, talk, talk->error);
        if (status != KOLAM_OK) {
            return status;
        }
    }
    return KOLAM_OK;
}

static bool has_answer(const struct conversation *talk, uint64_t arg) {
    (void)arg;
    return talk->wanted == NULL;
}

static bool has_name(const struct conversation *talk, uint64_t artist) {
    char key[24];
    snprintf(key, sizeof key, "%" PRIu64, artist);
    return json_object_get(talk->names, key) != NULL;
}

static bool has_ack(const struct conversation *talk, uint64_t counter) {
    return talk->acknowledged >= counter;
}

/* Sends `question` (NULL: none) and waits for the message of that type, which the caller decrefs. */
static enum kolam_status converse(struct conversation *talk, json_t *question, const char *wanted,
                                  json_t **out_answer) {
    talk->wanted = wanted;
    talk->answer = NULL;
    enum kolam_status status = question ? kolam_client_send(talk->ws, question) : KOLAM_OK;
    status = status == KOLAM_OK ? wait_until(talk, has_answer, 0)
                                : kolam_fail(talk->error, status, "%s", kolam_status_text(status));
    if (status != KOLAM_OK) {
        json_decref(talk->answer);
        return status;
    }
    *out_answer = talk->answer;
    return KOLAM_OK;
}

/* ---- who one is ---- */

static enum kolam_status keep_token(struct conversation *talk) {
    const char *path = talk->order->token_file;
    mode_t mask = umask(077);
    FILE *file = fopen(path, "we");
    umask(mask);
    bool is_written = file && fprintf(file, "%s\n", talk->token) > 0;
    if (file) {
        is_written = fclose(file) == 0 && is_written;
    }
    return is_written
               ? KOLAM_OK
               : kolam_fail(talk->error, KOLAM_ERR_IO, "%s: the token cannot be kept: %m", path);
}

/* A new person, called by what it does. */
static enum kolam_status identify(struct conversation *talk) {
    json_t *answer;
    enum kolam_status status =
        converse(talk, json_pack("{s:s}", "type", "identify"), "identity", &answer);
    if (status != KOLAM_OK) {
        return status;
    }
    const char *token = json_string_value(json_object_get(answer, "token"));
    uint64_t artist = (uint64_t)json_integer_value(json_object_get(answer, "artist"));
    bool is_new = token && kolam_tool_token_is_valid(token);
    if (is_new) {
        memcpy(talk->token, token, sizeof talk->token);
    }
    json_decref(answer);
    if (is_new && talk->order->token_file) {
        status = keep_token(talk);
    }
    if (is_new && status == KOLAM_OK) {
        status = kolam_client_send(
            talk->ws, json_pack("{s:s,s:s}", "type", "rename", "name", KOLAM_ORDER_AUTHOR));
    }
    if (is_new && artist > 0 && status == KOLAM_OK) {
        status =
            wait_until(talk, has_name, artist); /* the name is kept before anything is done in it */
    }
    return status;
}

static enum kolam_status join(struct conversation *talk) {
    const struct kolam_rollback_order *order = talk->order;
    json_t *welcome;
    if (order->token_file && access(order->token_file, F_OK) == 0) {
        enum kolam_status status =
            kolam_tool_read_token(order->token_file, talk->token, talk->error);
        if (status != KOLAM_OK) {
            return status;
        }
    } else if (order->is_undo) {
        return kolam_fail(talk->error, KOLAM_ERR_NOT_FOUND, "%s: no such file", order->token_file);
    }
    struct kolam_hello hello = {.canvas = order->wall.canvas,
                                .token = talk->token[0] ? talk->token : NULL,
                                .admin_token = order->admin_token};
    kolam_random_bytes(&hello.nonce, sizeof hello.nonce);
    enum kolam_status status = kolam_client_connect(&talk->url, &hello, &talk->ws, talk->error);
    if (status == KOLAM_OK) {
        status = converse(talk, NULL, "welcome", &welcome);
    }
    if (status == KOLAM_OK) {
        json_decref(welcome);
    }
    return status;
}

/* ---- what is meant ---- */

/* Every artist's name, asked for in lots. */
static enum kolam_status ask_names(struct conversation *talk, uint64_t artist_count) {
    enum kolam_status status = KOLAM_OK;
    for (uint64_t first = 1; first <= artist_count && status == KOLAM_OK; first += NAMES_AT_ONCE) {
        uint64_t end =
            first + NAMES_AT_ONCE <= artist_count ? first + NAMES_AT_ONCE : artist_count + 1;
        json_t *list = json_array();
        for (uint64_t i = first; i < end; i++) {
            json_array_append_new(list, json_integer((json_int_t)i));
        }
        status =
            kolam_client_send(talk->ws, json_pack("{s:s,s:o}", "type", "who", "artists", list));
        for (uint64_t i = first; i < end && status == KOLAM_OK; i++) {
            status = wait_until(talk, has_name, i);
        }
    }
    return status;
}

static enum kolam_status ask_moment(struct conversation *talk, const char *text,
                                    json_int_t *out_seq, json_int_t *out_time_ms) {
    char target[KOLAM_WALL_TARGET_MAX], escaped[256];
    json_t *answer;
    if (!kolam_wall_escape(text, escaped, sizeof escaped)) {
        return kolam_fail(talk->error, KOLAM_ERR_INVALID, "a moment is too long");
    }
    snprintf(target, sizeof target, "/api/canvas/%s/moment?at=%s", talk->order->wall.canvas,
             escaped);
    enum kolam_status status =
        kolam_wall_get_json(talk->order->wall.server, target, &answer, talk->error);
    if (status == KOLAM_OK) {
        *out_seq = json_integer_value(json_object_get(answer, "seq"));
        *out_time_ms = json_integer_value(json_object_get(answer, "time"));
        json_decref(answer);
    }
    return status;
}

/* From which seq on: a time means what was committed at it or after, one before the first op means all. */
static enum kolam_status ask_from(struct conversation *talk, const char *text,
                                  json_int_t *out_seq) {
    struct kolam_moment moment;
    json_int_t seq, time_ms;
    char before[32];
    if (kolam_moment_parse(text, strlen(text), &moment) != KOLAM_OK) {
        return kolam_fail(talk->error, KOLAM_ERR_INVALID, "--from %s is malformed", text);
    }
    if (!moment.is_time) {
        return ask_moment(talk, text, out_seq, &time_ms);
    }
    enum kolam_status status = ask_moment(talk, "1", &seq, &time_ms);
    if (status != KOLAM_OK || moment.time_ms <= time_ms) {
        *out_seq = 1;
        return status;
    }
    status = ask_moment(talk, text, &seq, &time_ms); /* a complaint names what was given */
    if (status == KOLAM_OK) {
        kolam_wall_time_text(moment.time_ms - 1, before);
        status = ask_moment(talk, before, &seq, &time_ms);
    }
    *out_seq = seq + 1;
    return status;
}

/* The message but for `apply`. */
static enum kolam_status make_request(struct conversation *talk, json_t **out_request) {
    const struct kolam_rollback_order *order = talk->order;
    const struct kolam_rect *rect = &order->rect;
    json_int_t from = 1, to = INT64_MAX, time_ms;
    char x[24], y[24], from_text[24], to_text[24];
    enum kolam_status status = KOLAM_OK;
    json_t *artists = json_array();
    for (uint32_t i = 0; i < order->artist_count && status == KOLAM_OK; i++) {
        uint32_t artist;
        status = kolam_rollback_artist(talk->names, order->artists[i], &artist, talk->error);
        if (status == KOLAM_OK) {
            json_array_append_new(artists, json_integer((json_int_t)artist));
        }
    }
    if (status == KOLAM_OK && order->from) {
        status = ask_from(talk, order->from, &from);
    }
    if (status == KOLAM_OK && order->to) {
        status = ask_moment(talk, order->to, &to, &time_ms);
    }
    if (status == KOLAM_OK && from > to) {
        status = kolam_fail(talk->error, KOLAM_ERR_INVALID, "--from is after --to");
    }
    if (status != KOLAM_OK) {
        json_decref(artists);
        return status;
    }
    snprintf(x, sizeof x, "%" PRId64, rect->x0);
    snprintf(y, sizeof y, "%" PRId64, rect->y0);
    snprintf(from_text, sizeof from_text, "%" JSON_INTEGER_FORMAT, from);
    snprintf(to_text, sizeof to_text, "%" JSON_INTEGER_FORMAT, to);
    *out_request =
        json_pack("{s:s,s:i,s:o,s:i,s:s,s:s,s:I,s:I,s:n,s:s,s:s}", "type", "rollback", "id", 1,
                  "artists", artists, "level", (int)rect->level, "x", x, "y", y, "width",
                  (json_int_t)(rect->x1 - rect->x0), "height", (json_int_t)(rect->y1 - rect->y0),
                  "lasso", "from", from_text, "to", to_text);
    return *out_request ? KOLAM_OK : kolam_fail(talk->error, KOLAM_ERR_NOMEM, "out of memory");
}

/* ---- doing it ---- */

static enum kolam_status ask_rollback(struct conversation *talk, const json_t *request,
                                      bool is_apply, json_t **out_answer) {
    json_t *question = json_deep_copy(request);
    json_object_set_new(question, "apply", json_boolean(is_apply));
    return converse(talk, question, "rollback", out_answer);
}

static enum kolam_status apply(struct conversation *talk, const json_t *request,
                               struct kolam_rollback_outcome *out_outcome) {
    json_t *answer;
    enum kolam_status status = identify(talk);
    if (status == KOLAM_OK) {
        status = ask_rollback(talk, request, true, &answer);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    const char *seq = json_string_value(json_object_get(answer, "seq"));
    out_outcome->op_count = (uint32_t)json_integer_value(json_object_get(answer, "ops"));
    if (!seq || !kolam_tool_parse_u64(seq, &out_outcome->first_seq)) {
        out_outcome->first_seq = 0; /* nothing was left to hide */
    }
    seq = json_string_value(json_object_get(answer, "act"));
    if (!seq || !kolam_tool_parse_u64(seq, &out_outcome->act_seq)) {
        out_outcome->act_seq = 0;
    }
    json_decref(answer);
    return KOLAM_OK;
}

static enum kolam_status hide(struct conversation *talk,
                              struct kolam_rollback_outcome *out_outcome) {
    const struct kolam_rollback_order *order = talk->order;
    char target[128];
    json_t *canvas, *request, *answer;
    snprintf(target, sizeof target, "/api/canvas/%s", order->wall.canvas);
    enum kolam_status status =
        kolam_wall_get_json(order->wall.server, target, &canvas, talk->error);
    if (status != KOLAM_OK) {
        return status;
    }
    json_int_t artist_count = json_integer_value(json_object_get(canvas, "artists"));
    json_decref(canvas);
    status = ask_names(talk, artist_count > 0 ? (uint64_t)artist_count : 0);
    if (status == KOLAM_OK) {
        status = make_request(talk, &request);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = ask_rollback(talk, request, false, &answer);
    if (status == KOLAM_OK) {
        json_int_t strokes = json_integer_value(json_object_get(answer, "strokes"));
        if (kolam_rollback_go_on(order, json_object_get(answer, "artists"), (uint64_t)strokes)) {
            status = apply(talk, request, out_outcome);
        }
        json_decref(answer);
    }
    json_decref(request);
    return status;
}

/* ---- the way back ---- */

static enum kolam_status not_mine(struct conversation *talk) {
    return kolam_fail(talk->error, KOLAM_ERR_NOT_FOUND,
                      "--undo: not all of that is a hide of this --token-file's owner");
}

/* The hides of the order, newest first, as `mine` tells them. */
static enum kolam_status find_hides(struct conversation *talk, json_t **out_ops) {
    const struct kolam_rollback_order *order = talk->order;
    char before[24];
    size_t i;
    json_t *answer, *op;
    uint64_t count = order->undo_last - order->undo_first + 1;
    snprintf(before, sizeof before, "%" PRIu64, order->undo_last + 1);
    enum kolam_status status = converse(talk,
                                        json_pack("{s:s,s:i,s:s,s:I}", "type", "mine", "id", 1,
                                                  "before", before, "limit", (json_int_t)count),
                                        "mine", &answer);
    if (status != KOLAM_OK) {
        return status;
    }
    json_t *ops = json_incref(json_object_get(answer, "ops"));
    json_decref(answer);
    if (json_array_size(ops) != count) {
        status = not_mine(talk);
    }
    json_array_foreach(ops, i, op) {
        const char *kind = json_string_value(json_object_get(op, "kind"));
        const char *seq = json_string_value(json_object_get(op, "seq"));
        uint64_t number;
        if (!kind || strcmp(kind, "hide") != 0 || !seq || !kolam_tool_parse_u64(seq, &number) ||
            number < order->undo_first) {
            status = not_mine(talk);
        }
    }
    if (status != KOLAM_OK) {
        json_decref(ops);
        return status;
    }
    *out_ops = ops;
    return KOLAM_OK;
}

static enum kolam_status encode_show(const json_t *list, struct kolam_wire_buffer *out_body) {
    uint64_t targets[KOLAM_TARGETS_MAX];
    struct kolam_op op = {.kind = KOLAM_OP_SHOW, .targets = targets};
    uint8_t bytes[KOLAM_TARGETS_MAX * 10 + 16];
    size_t i, size_bytes;
    json_t *target;
    if (json_array_size(list) > KOLAM_TARGETS_MAX) {
        return KOLAM_ERR_INVALID;
    }
    json_array_foreach((json_t *)(uintptr_t)list, i, target) {
        const char *text = json_string_value(target);
        if (!text || !kolam_tool_parse_u64(text, &targets[op.target_count++])) {
            return KOLAM_ERR_INVALID;
        }
    }
    enum kolam_status status = kolam_op_encode(&op, bytes, sizeof bytes, &size_bytes);
    if (status == KOLAM_OK) {
        kolam_wire_put(out_body, bytes, size_bytes);
    }
    return status;
}

/* One show for each hide, each acknowledged before the next. */
static enum kolam_status show_one(struct conversation *talk, const json_t *hidden,
                                  uint32_t counter) {
    struct kolam_wire_buffer body = {0}, record = {0};
    enum kolam_status status = encode_show(json_object_get(hidden, "targets"), &body);
    if (status == KOLAM_OK) {
        kolam_wire_put_u8(&record, KOLAM_WIRE_SUBMIT);
        kolam_wire_put_varint(&record, counter);
        kolam_wire_put_varint(&record, 1);
        kolam_wire_put_varint(&record, body.size_bytes);
        kolam_wire_put(&record, body.bytes, body.size_bytes);
        status = record.has_failed || body.has_failed
                     ? KOLAM_ERR_NOMEM
                     : kolam_ws_send(talk->ws, KOLAM_WS_BINARY, record.bytes, record.size_bytes);
    }
    kolam_free(body.bytes);
    kolam_free(record.bytes);
    if (status != KOLAM_OK) {
        return kolam_fail(talk->error, status, "--undo: %s", kolam_status_text(status));
    }
    return wait_until(talk, has_ack, counter);
}

static enum kolam_status show(struct conversation *talk,
                              struct kolam_rollback_outcome *out_outcome) {
    json_t *ops, *op;
    size_t i;
    uint64_t strokes = 0;
    enum kolam_status status = find_hides(talk, &ops);
    if (status != KOLAM_OK) {
        return status;
    }
    json_array_foreach(ops, i, op) {
        strokes += json_array_size(json_object_get(op, "targets"));
    }
    bool goes_on = kolam_rollback_go_on(talk->order, NULL, strokes);
    for (size_t n = json_array_size(ops); goes_on && n > 0 && status == KOLAM_OK; n--) {
        status = show_one(talk, json_array_get(ops, n - 1), ++out_outcome->op_count);
        if (status == KOLAM_OK && out_outcome->first_seq == 0) {
            out_outcome->first_seq = talk->ack_seq;
        }
    }
    json_decref(ops);
    return status;
}

enum kolam_status kolam_rollback_server(const struct kolam_rollback_order *order,
                                        struct kolam_rollback_outcome *out_outcome,
                                        struct kolam_error *error) {
    struct conversation talk = {.order = order, .error = error, .names = json_object()};
    enum kolam_status status = kolam_url_parse(order->wall.server, &talk.url, error);
    if (status == KOLAM_OK) {
        status = join(&talk);
    }
    if (status == KOLAM_OK) {
        status = order->is_undo ? show(&talk, out_outcome) : hide(&talk, out_outcome);
    }
    if (status == KOLAM_OK) {
        kolam_ws_close(talk.ws);
    } else {
        kolam_ws_destroy(talk.ws);
    }
    json_decref(talk.names);
    return status;
}
