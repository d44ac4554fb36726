/* `kolam serve`: the wiring. Parts are made in the order in which they need each other and end in the reverse.
 *
 * Stopping cleanly takes three steps: nothing new is let in and what is under way is committed and
 * acknowledged; clients are told and closed; then, or after two seconds, the loop ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include "answers.h"
#include "canvas.h"
#include "claims.h"
#include "fanout.h"
#include "http_route.h"
#include "http_snapshot.h"
#include "http_static.h"
#include "guesses.h"
#include "history_tiles.h"
#include "http_tiles.h"
#include "http_versions.h"
#include "identity_thread.h"
#include "confine.h"
#include "damage.h"
#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/memory.h"
#include "renaming.h"
#include "report_room.h"
#include "sanctions.h"
#include "notify.h"
#include "session.h"
#include "trim.h"
#include "whence.h"

#define STOP_MS 2000

/* ---- the loop's handlers ---- */

static void on_wake(void *ctx, enum kolam_wake wake) {
    struct kolam_server *server = ctx;
    switch (wake) {
    case KOLAM_WAKE_LOG:
        kolam_canvases_dispatch(server);
        kolam_tick_acks(server);
        return;
    case KOLAM_WAKE_POOL:
        kolam_pool_dispatch(server->pool);
        return;
    case KOLAM_WAKE_IDENTITY:
        kolam_identity_dispatch(server->identity);
        return;
    case KOLAM_WAKE_MODERATION:
        kolam_moderation_dispatch(kolam_sanctions_thread(server));
        return;
    case KOLAM_WAKE_STREAM:
        kolam_snapshots_dispatch(server);
        return;
    case KOLAM_WAKES:
        return;
    }
}

static void on_tick(void *ctx) {
    kolam_sessions_tick(ctx);
    kolam_tick_run(ctx);
}

static bool has_in_flight(const struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (session->in_flight_ops > 0) {
            return true;
        }
    }
    return false;
}

static void say_goodbye(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        kolam_session_send_json(session,
                                json_pack("{ss ss}", "type", "goodbye", "reason", "shutting down"));
        kolam_tick_flush(session);
        kolam_session_close(session, 1001, "shutting down");
    }
}

/* One step of stopping; called each time something may have moved on. */
static void continue_stopping(struct kolam_server *server) {
    int64_t now_ms = kolam_loop_now_ms(server->loop);
    bool is_late = now_ms > server->stop_deadline_ms;
    if (!server->has_said_goodbye && (is_late || !has_in_flight(server))) {
        server->has_said_goodbye = true;
        say_goodbye(server);
    }
    if (server->has_said_goodbye && (is_late || kolam_list_is_empty(&server->sessions))) {
        kolam_loop_end(server->loop);
    }
}

static void on_sweep(void *ctx) {
    struct kolam_server *server = ctx;
    int64_t now_ms = kolam_loop_now_ms(server->loop);
    kolam_net_sweep(server->net);
    kolam_sessions_sweep(server);
    kolam_pool_expire(server->pool);
    kolam_snapshots_sweep(server, now_ms);
    kolam_answers_sweep(server, now_ms);
    if (server->is_stopping) {
        return;
    }
    kolam_preview_sweep(server, now_ms);
    kolam_sanctions_sweep(server);
    kolam_renaming_sweep(server, now_ms);
    kolam_tiles_sweep(server, now_ms);
    kolam_canvases_sweep(server, now_ms);
    kolam_trim_sweep(server, now_ms);
}

static void on_turn(void *ctx) {
    struct kolam_server *server = ctx;
    if (server->is_stopping) {
        continue_stopping(server);
    }
}

static void on_stop(void *ctx) {
    struct kolam_server *server = ctx;
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "stopping", "sessions=%llu",
                 (unsigned long long)server->metrics.clients);
    kolam_notify(server->notify_fd, "STOPPING=1");
    server->is_stopping = true;
    server->stop_deadline_ms = kolam_loop_now_ms(server->loop) + STOP_MS;
    kolam_net_stop_listening(server->net);
    kolam_tiles_stop(server);
    kolam_snapshots_stop(server);
    kolam_preview_sweep(server, INT64_MAX);
}

/* Without a certificate a hangup is what it always was: the terminal is gone. A service manager means a reload by it; there is nothing
 * to read anew then. */
static bool on_reload(void *ctx) {
    struct kolam_server *server = ctx;
    if (!kolam_net_has_tls(server->net)) {
        return kolam_notify_is_wanted();
    }
    kolam_net_reload_certificate(server->net);
    return true;
}

/* ---- making the parts ---- */

static void *open_session(void *ctx, struct kolam_socket *ws, const struct kolam_request *request) {
    return kolam_session_on_open(ctx, ws, request);
}

static void wake_pool(void *ctx) {
    kolam_loop_wake(ctx, KOLAM_WAKE_POOL);
}

/* Each connection is a file: ask for as many as we may have. */
static void raise_file_limit(const struct kolam_server *server) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        rlim_t wanted = (rlim_t)server->options->max_connections + 1024;
        if (limit.rlim_cur < wanted) {
            limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
            (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
    }
}

/* Codes and invitations end as sanctions do, whatever the clock is set to meanwhile. */
static int64_t steady_now_ms(void *ctx) {
    return kolam_sanctions_now_ms(ctx);
}

static enum kolam_status make_identity(struct kolam_server *server, struct kolam_error *error) {
    char path[KOLAM_PATH_MAX];
    struct kolam_identity_db *db;
    const struct kolam_clock clock = {.now_ms = steady_now_ms, .ctx = server};
    enum kolam_status status = kolam_folder_file_path(server->folder, "identity.db", path);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "the data folder's path is too long");
    }
    status = kolam_identity_db_create(path, clock, &db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    kolam_identity_tell_damage(db, kolam_damage_of_people, server);
    snprintf(server->instance, sizeof(server->instance), "%s", kolam_identity_instance(db));
    status = kolam_identity_thread_create(db, server->loop, &server->identity);
    if (status != KOLAM_OK) {
        kolam_identity_db_destroy(db);
        return kolam_fail(error, status, "cannot start a thread");
    }
    return kolam_admin_token_load(kolam_folder_path(server->folder), server->admin_token, error);
}

static enum kolam_status make_loop(struct kolam_server *server) {
    const struct kolam_loop_handlers handlers = {
        .ctx = server,
        .on_wake = on_wake,
        .on_tick = on_tick,
        .on_sweep = on_sweep,
        .on_turn = on_turn,
        .on_stop = on_stop,
        .on_reload = on_reload,
    };
    return kolam_loop_create(&handlers, &server->loop);
}

/* Each connection holds three at most, so there is always room for one more; the rest remember who was here. */
static uint32_t accounts_max(const struct kolam_options *options) {
    return options->max_connections * 4 + 16384;
}

static enum kolam_status make_inner(struct kolam_server *server, struct kolam_error *error) {
    kolam_heap_settle();
    kolam_storage_limit_memory((uint64_t)server->options->page_cache_mb << 20);
    server->room = kolam_alloc(sizeof(*server->room));
    server->homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof(*server->homes));
    server->claims = kolam_claims_create();
    kolam_random_bytes(&server->veil_key, sizeof(server->veil_key));
    server->whence = kolam_whence_create();
    server->report_room = kolam_alloc_zero(1, sizeof(*server->report_room));
    server->guesses = kolam_guesses_create();
    if (!server->room || !server->homes || !server->claims || !server->whence ||
        !server->report_room || !server->guesses || kolam_renaming_create(server) != KOLAM_OK) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    enum kolam_status status = make_loop(server);
    if (status == KOLAM_OK) {
        status = kolam_limits_create(&server->options->limits, accounts_max(server->options),
                                     &server->limits);
    }
    if (status == KOLAM_OK) {
        status =
            kolam_pool_create(server->options->threads, wake_pool, server->loop, &server->pool);
    }
    if (status == KOLAM_OK) {
        status = kolam_fanout_create(server);
    }
    if (status == KOLAM_OK) {
        status = kolam_tiles_create(server);
    }
    if (status == KOLAM_OK) {
        status = kolam_history_tiles_create(server);
    }
    if (status == KOLAM_OK) {
        status = kolam_snapshots_create(server);
    }
    if (status == KOLAM_OK) {
        status = kolam_blocks_create(server);
    }
    if (status == KOLAM_OK) {
        status = kolam_answers_create(server);
    }
    if (status == KOLAM_OK) {
        status = kolam_trim_create(server);
    }
    if (status == KOLAM_OK) {
        kolam_pool_set_idle(server->pool, server->options->idle_s * 1000);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s", kolam_status_text(status));
}

/* What the network goes by, all of it from the options. */
static enum kolam_status read_net_options(struct kolam_server *server,
                                          struct kolam_net_options *out_options,
                                          struct kolam_error *error) {
    const struct kolam_options *given = server->options;
    *out_options = (struct kolam_net_options){
        .listen = given->listen,
        .tls_certificate = given->tls_cert,
        .tls_key = given->tls_key,
        .may_be_plain = given->plain_http,
        .connections_max = given->max_connections,
        .limits = server->limits,
        .logfmt = &server->logfmt,
        .handlers =
            {
                .ctx = server,
                .may_open = kolam_http_may_open,
                .on_open = open_session,
                .on_received = kolam_session_on_received,
                .on_message = kolam_session_on_message,
                .on_writable = kolam_session_on_writable,
                .on_close = kolam_session_on_close,
                .on_request = kolam_http_on_request,
                .on_answer = kolam_metrics_http_answer,
            },
    };
    enum kolam_status status =
        kolam_proxies_init(&out_options->proxies, given->trusted_proxies,
                           given->trusted_proxy_count, given->proxy_header, error);
    return status == KOLAM_OK
               ? kolam_proxies_identify(&out_options->proxies, given->identity_header,
                                        given->identity_name_header, error)
               : status;
}

static enum kolam_status make_net(struct kolam_server *server, struct kolam_error *error) {
    struct kolam_net_options options;
    enum kolam_status status = read_net_options(server, &options, error);
    return status == KOLAM_OK ? kolam_net_create(server->loop, &options, &server->net, error)
                              : status;
}

/* A mistyped option leaves nothing behind. */
static enum kolam_status check_options(struct kolam_server *server, struct kolam_error *error) {
    struct kolam_net_options options;
    enum kolam_status status = read_net_options(server, &options, error);
    return status == KOLAM_OK ? kolam_net_check(&options, error) : status;
}

/* `main` exists from the start; a server that cannot open it does not serve. */
struct main_opening {
    struct kolam_canvas_wait wait;
    struct kolam_server *server;
    enum kolam_status status;
};

static void on_main_open(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct main_opening *opening = KOLAM_CONTAINER(wait, struct main_opening, wait);
    struct kolam_server *server = opening->server;
    opening->status = status;
    if (status != KOLAM_OK) {
        kolam_loop_end(server->loop);
        return;
    }
    kolam_renaming_begin(server); /* what the last run did not come to */
    printf("%s\n", kolam_net_url(server->net));
    fflush(stdout);
    kolam_notify(server->notify_fd, "READY=1\nSTATUS=serving");
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "serving", "url=%s version=%s",
                 kolam_net_url(server->net), KOLAM_VERSION);
}

static enum kolam_status run(struct kolam_server *server, struct kolam_error *error) {
    struct main_opening opening = {.wait.done = on_main_open, .server = server};
    struct kolam_canvas *canvas = kolam_canvas_get(server, "main");
    if (!canvas) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    kolam_canvas_when_open(canvas, true, &opening.wait);
    kolam_loop_run(server->loop);
    kolam_list_remove(&opening.wait.link);
    return opening.status == KOLAM_OK ? KOLAM_OK
                                      : kolam_fail(error, opening.status, "%s", canvas->problem);
}

static enum kolam_status make(struct kolam_server *server, struct kolam_error *error) {
    enum kolam_status status = check_options(server, error);
    if (status == KOLAM_OK) {
        status = kolam_folder_open(server->options->data, &server->folder, error);
    }
    if (status == KOLAM_OK) {
        kolam_confine_files(server); /* before the first thread */
        status = make_inner(server, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_sanctions_create(server, error); /* before all that goes by its time */
    }
    if (status == KOLAM_OK) {
        status = make_identity(server, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvases_create(server, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_static_create(server, error);
    }
    if (status == KOLAM_OK) {
        status = make_net(server, error);
    }
    if (status == KOLAM_OK) {
        server->notify_fd = kolam_notify_open();
        kolam_confine_calls(server);
    }
    return status;
}

/* Outcomes of what was still under way come inside these calls, to sessions that are closed. The network goes
 * first, because it knows the sessions; then the workers, which read what the logs write. */
static void unmake(struct kolam_server *server) {
    kolam_net_destroy(server->net);
    server->net = NULL;
    kolam_identity_thread_destroy(server->identity);
    kolam_pool_destroy(server->pool);
    kolam_sanctions_stop(server);
    kolam_canvases_destroy(server);
    kolam_sanctions_destroy(server); /* whose time canvases go by */
    kolam_snapshots_destroy(server);
    kolam_blocks_destroy(server);
    kolam_answers_destroy(server);
    kolam_trim_destroy(server);
    kolam_history_tiles_destroy(server);
    kolam_tiles_destroy(server);
    kolam_fanout_destroy(server);
    kolam_static_destroy(server);
    kolam_claims_destroy(server->claims);
    kolam_limits_destroy(server->limits);
    kolam_guesses_destroy(server->guesses);
    kolam_renaming_destroy(server);
    kolam_loop_destroy(server->loop);
    kolam_folder_close(server->folder);
    kolam_whence_destroy(server->whence);
    kolam_free(server->report_room);
    kolam_free(server->room);
    kolam_free(server->homes);
    if (server->notify_fd >= 0) {
        (void)close(server->notify_fd);
    }
}

static int serve(const struct kolam_options *options) {
    struct kolam_server server = {
        .options = options,
        .clock = kolam_clock_system(),
        .logfmt = {.fd = 2, .level = options->log_level},
        .notify_fd = -1,
    };
    struct kolam_error error = {0};
    kolam_list_init(&server.sessions);
    kolam_list_init(&server.follows);
    kolam_list_init(&server.throttled);
    raise_file_limit(&server);
    enum kolam_status status = make(&server, &error);
    if (status == KOLAM_OK) {
        status = run(&server, &error);
    }
    if (status != KOLAM_OK) {
        fprintf(stderr, "kolam serve: %s\n", error.text);
    }
    unmake(&server);
    if (status != KOLAM_OK) {
        return error.status == KOLAM_ERR_INVALID ? 2 : 1;
    }
    kolam_logfmt(&server.logfmt, KOLAM_LOG_INFO, "stopped", NULL);
    return 0;
}

int kolam_cmd_serve(int argc, char **argv) {
    struct kolam_options options;
    enum kolam_options_outcome outcome = kolam_options_parse(argc, argv, &options);
    int status = outcome == KOLAM_OPTIONS_HELPED ? 0 : 2;
    if (outcome == KOLAM_OPTIONS_RUN) {
        status = serve(&options);
    }
    kolam_options_finish(&options);
    return status;
}
