/* Import through a server, like any client: hello, act_as for each author (with the admin token) or
 * identify, then SUBMIT records with a bounded number unacknowledged. When the connection is lost, all that
 * was not acknowledged is sent again under the same ids: the server knows what it has.
 *
 * One connection a file, because a connection has one nonce and that is made from the file's content. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "import_play.h"
#include "import_slots.h"
#include "import_window.h"
#include "kolam/alloc.h"

#define READ_AHEAD 8192u /* strokes read before they may be sent */
#define READ_AT_ONCE 128
#define UNDER_WAY_DEFAULT 1024u
#define QUEUED_BYTES_MAX (1u << 20)
#define WAIT_MS 1000
#define RETRY_LATER_MS 500   /* after a NACK that says "try later" */
#define GIVE_UP_MS 60000     /* without a connection */
#define LAST_ANSWERS_MS 5000 /* after an interruption */

struct server_import {
    struct kolam_import *import;
    struct kolam_error *error;
    struct kolam_url url;
    char token[65]; /* one's own, or "" */
    bool is_token_new;

    /* Of one file: */
    struct kolam_import_source source;
    bool is_source_over;
    struct kolam_window window;
    struct kolam_slots slots;
    struct kolam_play play;
    struct kolam_window_stroke
        *next; /* where looking for what to send goes on, or NULL: at the head */

    /* Of one connection: */
    struct kolam_ws *ws;
    bool is_welcome, has_identity, has_asked_identity;
    uint32_t under_way_max;
    int64_t resume_ms; /* not before, after "try later" */
    enum kolam_status fatal;
};

/* ---- what the server says ---- */

static enum kolam_status give_up(struct server_import *server, enum kolam_status status) {
    server->fatal = status;
    return status;
}

static void on_welcome(struct server_import *server, const json_t *message) {
    const json_t *limits = json_object_get(message, "limits");
    json_int_t limit = json_integer_value(json_object_get(limits, "unacknowledged"));
    /* Half of what is allowed keeps the server busy and never has it stop reading from us. */
    server->under_way_max =
        limit >= 2 && limit < INT32_MAX ? (uint32_t)(limit / 2) : UNDER_WAY_DEFAULT;
    server->has_identity = json_is_object(json_object_get(message, "you"));
    server->is_welcome = true;
}

/* Keeps it where asked, readable by its owner only, before anything is drawn in its name: it is the only way to be the same
 * again, also after an interruption. */
static enum kolam_status keep_token(struct server_import *server) {
    const char *path = server->import->token_file;
    mode_t mask = umask(077);
    FILE *file = fopen(path, "we");
    umask(mask);
    bool is_written = file && fprintf(file, "%s\n", server->token) > 0;
    if (file) {
        is_written = fclose(file) == 0 && is_written;
    }
    return is_written
               ? KOLAM_OK
               : kolam_fail(server->error, KOLAM_ERR_IO, "%s: the token cannot be kept: %m", path);
}

static enum kolam_status on_identity(struct server_import *server, const json_t *message) {
    const char *token = json_string_value(json_object_get(message, "token"));
    if (token && kolam_tool_token_is_valid(token)) {
        memcpy(server->token, token, sizeof server->token);
        server->is_token_new = true;
        if (server->import->token_file && keep_token(server) != KOLAM_OK) {
            return give_up(server, KOLAM_ERR_IO);
        }
    }
    server->has_identity = true;
    return KOLAM_OK;
}

static enum kolam_status on_text(struct server_import *server, const uint8_t *payload,
                                 size_t size_bytes) {
    const char *type;
    enum kolam_status status = KOLAM_OK;
    json_t *message = kolam_client_parse(payload, size_bytes, &type);
    if (!message) {
        return give_up(server, kolam_fail(server->error, KOLAM_ERR_INVALID,
                                          "the server sent a text that is no message"));
    }
    if (strcmp(type, "welcome") == 0) {
        on_welcome(server, message);
    } else if (strcmp(type, "identity") == 0) {
        status = on_identity(server, message);
    } else if (strcmp(type, "acting") == 0) {
        kolam_slots_answered(&server->slots, json_integer_value(json_object_get(message, "slot")));
    } else if (strcmp(type, "error") == 0) {
        status = give_up(server, kolam_client_refused(message, server->error));
    }
    json_decref(message);
    return status;
}

static void on_ack(struct server_import *server, const struct kolam_wire_ack *ack) {
    struct kolam_window_stroke *stroke = kolam_window_find_sent(&server->window, ack->counter);
    if (stroke) {
        kolam_window_answered(&server->window, stroke, true);
        kolam_import_count(server->import, stroke->op_count, false);
        kolam_window_trim(&server->window);
    }
}

static enum kolam_status on_nack(struct server_import *server, const struct kolam_wire_nack *nack) {
    struct kolam_window_stroke *stroke = kolam_window_find_sent(&server->window, nack->counter);
    if (!stroke) {
        return KOLAM_OK;
    }
    if (nack->code == KOLAM_NACK_UNAVAILABLE) {
        kolam_window_answered(&server->window, stroke, false);
        server->resume_ms = kolam_tool_now_ms() + RETRY_LATER_MS;
        return KOLAM_OK;
    }
    return give_up(server, kolam_fail(server->error, KOLAM_ERR_INVALID,
                                      "%s:%" PRIu64 ": the server refused the stroke: %.*s",
                                      kolam_ndjson_name(server->source.file), stroke->line,
                                      (int)(nack->message_bytes < 200 ? nack->message_bytes : 200),
                                      nack->message));
}

static enum kolam_status on_frame(struct server_import *server, const uint8_t *payload,
                                  size_t size_bytes) {
    struct kolam_wire_reader frame = {payload, payload + size_bytes, false}, record;
    enum kolam_status status = KOLAM_OK;
    uint8_t type;
    while (status == KOLAM_OK && kolam_wire_record(&frame, &type, &record)) {
        struct kolam_wire_ack ack;
        struct kolam_wire_nack nack;
        if (type == KOLAM_WIRE_ACK) {
            status = kolam_wire_read_ack(record, &ack);
            if (status == KOLAM_OK) {
                on_ack(server, &ack);
            }
        } else if (type == KOLAM_WIRE_NACK) {
            status = kolam_wire_read_nack(record, &nack);
            if (status == KOLAM_OK) {
                status = on_nack(server, &nack);
            }
        }
    }
    if (frame.has_failed || (status != KOLAM_OK && server->fatal == KOLAM_OK)) {
        return give_up(server, kolam_fail(server->error, KOLAM_ERR_INVALID,
                                          "the server sent a malformed frame"));
    }
    return status;
}

static enum kolam_status on_message(void *ctx, enum kolam_ws_opcode opcode, const uint8_t *payload,
                                    size_t size_bytes) {
    struct server_import *server = ctx;
    return opcode == KOLAM_WS_TEXT ? on_text(server, payload, size_bytes)
                                   : on_frame(server, payload, size_bytes);
}

/* ---- what we send ---- */

/* Reads one more stroke into the window. KOLAM_ERR_FULL: all slots are taken until the window is empty. */
static enum kolam_status read_stroke(struct server_import *server) {
    struct kolam_import *import = server->import;
    struct kolam_import_item item;
    uint32_t slot = KOLAM_NO_SLOT;
    enum kolam_status status = kolam_import_source_next(&server->source, &item, server->error);
    if (status == KOLAM_ERR_NOT_FOUND) {
        server->is_source_over = true;
        return KOLAM_OK;
    }
    if (status != KOLAM_OK) {
        return status;
    }
    const struct kolam_drawn_stroke *drawn = &server->source.drawn;
    if (import->admin_token) {
        if (server->slots.count == KOLAM_SLOT_COUNT && server->window.count == 0) {
            kolam_slots_clear(&server->slots);
        }
        status = kolam_slots_take(&server->slots, drawn->author, &slot);
    }
    struct kolam_window_stroke *stroke = NULL;
    if (status == KOLAM_OK) {
        stroke = kolam_window_append(&server->window, &item, slot);
        status = stroke ? KOLAM_OK : KOLAM_ERR_NOMEM;
    }
    if (status == KOLAM_OK && import->is_realtime) {
        status = kolam_play_schedule(&server->play, drawn, &item.built, stroke);
    }
    if (status == KOLAM_OK) {
        import->points += drawn->point_count;
        json_object_set_new(import->artists, drawn->author, json_true());
    }
    kolam_built_stroke_finish(&item.built);
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(server->error, status, "%s", kolam_status_text(status));
}

static bool wants_more(const struct server_import *server) {
    return !server->is_source_over && server->window.count < READ_AHEAD &&
           kolam_play_wants_more(&server->play) &&
           (server->slots.count < KOLAM_SLOT_COUNT || server->window.count == 0);
}

/* A little at a time: what was read goes out before more is read. */
static enum kolam_status read_ahead(struct server_import *server) {
    enum kolam_status status = KOLAM_OK;
    for (int i = 0; i < READ_AT_ONCE && status == KOLAM_OK && wants_more(server); i++) {
        status = read_stroke(server);
    }
    return status;
}

static enum kolam_status send_stroke(struct server_import *server,
                                     struct kolam_window_stroke *stroke) {
    struct kolam_wire_buffer record = {0};
    if (stroke->slot == KOLAM_NO_SLOT) {
        kolam_wire_put_u8(&record, KOLAM_WIRE_SUBMIT);
    } else {
        kolam_wire_put_u8(&record, KOLAM_WIRE_SUBMIT_AS);
        kolam_wire_put_varint(&record, stroke->slot);
    }
    kolam_wire_put(&record, stroke->record, stroke->record_bytes);
    enum kolam_status status = record.has_failed ? KOLAM_ERR_NOMEM
                                                 : kolam_ws_send(server->ws, KOLAM_WS_BINARY,
                                                                 record.bytes, record.size_bytes);
    kolam_free(record.bytes);
    if (status == KOLAM_OK) {
        kolam_window_mark_sent(&server->window, stroke);
    }
    return status;
}

/* True if the stroke's author may be drawn as: asks for that when it is time. */
static bool has_artist(struct server_import *server, const struct kolam_window_stroke *stroke,
                       enum kolam_status *out_status) {
    if (stroke->slot == KOLAM_NO_SLOT) {
        return server->has_identity;
    }
    *out_status = kolam_slots_ask(&server->slots, stroke->slot, server->ws);
    return server->slots.list[stroke->slot].is_acting;
}

/* Sends what may be sent, in the file's order: strokes lie over each other. Artists are asked for ahead,
 * so that no stroke waits for an answer that was not on its way. At recorded times the times are the order. */
static enum kolam_status send_strokes(struct server_import *server) {
    enum kolam_status status = KOLAM_OK;
    bool is_blocked = kolam_tool_now_ms() < server->resume_ms;
    for (struct kolam_window_stroke *stroke = server->window.head; stroke && status == KOLAM_OK;
         stroke = stroke->next) {
        if (kolam_ws_queued_bytes(server->ws) > QUEUED_BYTES_MAX) {
            break;
        }
        if (stroke->state != KOLAM_STROKE_WAITING) {
            continue;
        }
        bool may_send = has_artist(server, stroke, &status) && !is_blocked;
        bool has_room = server->window.ops_under_way + stroke->op_count <= server->under_way_max;
        if (status == KOLAM_OK && may_send && has_room &&
            kolam_play_is_over(&server->play, stroke)) {
            status = send_stroke(server, stroke);
        } else if (!server->import->is_realtime) {
            is_blocked = true; /* of those after it only the artists are asked for */
        }
    }
    return status;
}

static enum kolam_status send_what_is_due(struct server_import *server) {
    enum kolam_status status = KOLAM_OK;
    if (!server->is_welcome) {
        return KOLAM_OK;
    }
    if (!server->import->admin_token && !server->has_identity && !server->has_asked_identity) {
        server->has_asked_identity = true;
        status = kolam_client_send(server->ws, json_pack("{s:s}", "type", "identify"));
    }
    if (status == KOLAM_OK && (server->has_identity || server->import->admin_token)) {
        status = kolam_play_preview(&server->play, &server->window, &server->slots, server->ws);
    }
    return status == KOLAM_OK ? send_strokes(server) : status;
}

/* ---- one connection ---- */

static enum kolam_status connect_once(struct server_import *server) {
    const struct kolam_hello hello = {
        .canvas = server->import->canvas,
        .nonce = server->source.nonce,
        .token = *server->token ? server->token : NULL,
        .admin_token = server->import->admin_token,
    };
    server->is_welcome = false;
    server->has_identity = false;
    server->has_asked_identity = false;
    server->under_way_max = UNDER_WAY_DEFAULT;
    kolam_slots_forget_answers(&server->slots);
    kolam_window_rewind(&server->window);
    return kolam_client_connect(&server->url, &hello, &server->ws, server->error);
}

/* Runs until all is acknowledged (KOLAM_OK), or the connection or everything fails. */
static enum kolam_status run_connection(struct server_import *server) {
    enum kolam_status status = KOLAM_OK;
    while (status == KOLAM_OK) {
        status = read_ahead(server);
        if (status != KOLAM_OK) {
            return give_up(server, status);
        }
        if (server->is_source_over && server->window.count == 0) {
            return KOLAM_OK;
        }
        status = send_what_is_due(server);
        if (status == KOLAM_OK) {
            int wait_ms = wants_more(server)
                              ? 0
                              : kolam_play_wait_ms(&server->play, &server->window, WAIT_MS);
            status = kolam_ws_step(server->ws, wait_ms, server->import->signals_fd, on_message,
                                   server, server->error);
        }
        if (status == KOLAM_OK && kolam_signals_arrived(server->import->signals_fd)) {
            return give_up(server, KOLAM_ERR_CLOSED);
        }
    }
    return status;
}

/* After an interruption: waits a little for what is under way, so that what was told is true. */
static void collect_answers(struct server_import *server) {
    int64_t deadline_ms = kolam_tool_now_ms() + LAST_ANSWERS_MS;
    enum kolam_status status = KOLAM_OK;
    server->fatal = KOLAM_OK;
    while (status == KOLAM_OK && server->window.ops_under_way > 0) {
        int64_t left_ms = deadline_ms - kolam_tool_now_ms();
        if (left_ms <= 0) {
            break;
        }
        status = kolam_ws_step(server->ws, (int)left_ms, -1, on_message, server, server->error);
    }
    server->fatal = kolam_fail(server->error, KOLAM_ERR_CLOSED, "interrupted");
}

/* One connection after another, until the file is done or something is beyond repair. */
static enum kolam_status run_file(struct server_import *server) {
    int64_t retry_ms = KOLAM_RETRY_FIRST_MS, lost_ms = 0;
    bool was_welcome = false;
    for (;;) {
        enum kolam_status status = connect_once(server);
        if (status == KOLAM_OK) {
            status = run_connection(server);
            if (status == KOLAM_OK) {
                kolam_ws_close(server->ws);
                return KOLAM_OK;
            }
            if (server->fatal == KOLAM_ERR_CLOSED) {
                collect_answers(server);
            }
            kolam_ws_destroy(server->ws);
        }
        if (server->is_welcome) {
            was_welcome = true;
            lost_ms = 0;
            retry_ms = KOLAM_RETRY_FIRST_MS;
        }
        int64_t now_ms = kolam_tool_now_ms();
        lost_ms = lost_ms ? lost_ms : now_ms;
        if (server->fatal != KOLAM_OK || !was_welcome || now_ms - lost_ms > GIVE_UP_MS ||
            kolam_signals_arrived(server->import->signals_fd)) {
            return server->fatal != KOLAM_OK ? server->fatal : status;
        }
        kolam_progress_end(&server->import->progress);
        fprintf(stderr, "kolam import: %s; trying again\n", server->error->text);
        usleep((useconds_t)retry_ms * 1000);
        retry_ms = retry_ms * 2 < KOLAM_RETRY_MAX_MS ? retry_ms * 2 : KOLAM_RETRY_MAX_MS;
    }
}

static enum kolam_status import_file(struct server_import *server, const char *path) {
    enum kolam_status status = kolam_import_source_init(&server->source, path, server->error);
    if (status != KOLAM_OK) {
        return status;
    }
    server->is_source_over = false;
    server->fatal = KOLAM_OK;
    kolam_play_init(&server->play, server->import->is_realtime);
    status = kolam_slots_init(&server->slots);
    status = status == KOLAM_OK
                 ? run_file(server)
                 : kolam_fail(server->error, status, "%s", kolam_status_text(status));
    kolam_slots_finish(&server->slots);
    kolam_window_finish(&server->window);
    kolam_import_source_finish(&server->source);
    return status;
}

/* ---- one's own identity ---- */

static enum kolam_status load_token(struct server_import *server) {
    const char *path = server->import->token_file;
    if (!path || server->import->admin_token || access(path, F_OK) != 0) {
        return KOLAM_OK;
    }
    return kolam_tool_read_token(path, server->token, server->error);
}

/* Where it is kept nowhere it is told, however the import ended: strokes are on the wall in its name. */
static void tell_token(const struct server_import *server) {
    if (!server->is_token_new || server->import->token_file) {
        return;
    }
    kolam_progress_end(&server->import->progress);
    fprintf(stderr,
            "kolam import: drew as a new artist; to be the same again, put this token "
            "into a file and name it with --token-file:\n%s\n",
            server->token);
}

enum kolam_status kolam_import_to_server(struct kolam_import *import, struct kolam_error *error) {
    struct server_import server = {.import = import, .error = error};
    enum kolam_status status = kolam_url_parse(import->server, &server.url, error);
    if (status == KOLAM_OK) {
        status = load_token(&server);
    }
    for (int i = 0; status == KOLAM_OK && i < import->file_count; i++) {
        status = import_file(&server, import->files[i]);
    }
    tell_token(&server);
    return status;
}
