/* The whole server without its network, in this process: what net.h promises is kept by the fuzzer, which plays the clients. Sessions,
 * canvases, threads, logs and answers are the real ones. */
#ifndef KOLAM_TESTS_FUZZ_INNER_SERVER_H
#define KOLAM_TESTS_FUZZ_INNER_SERVER_H

#include "server/session.h"

/* A client's WebSocket, as kolam_socket. */
struct kolam_socket {
    bool is_paused, is_closed;
    uint16_t close_code;
    char peer[32];
    uint64_t frames;
};

/* A request, as kolam_http. */
struct kolam_http {
    struct kolam_request request;
    uint8_t kind;
    bool is_answered;
    int status;
    void (*on_gone)(void *ctx);
    void *gone_ctx;
    long (*pull)(void *ctx, uint8_t *out, size_t capacity);
    void *pull_ctx;
};

/* Starts it, once; later calls do nothing. */
void inner_server_start(void);
/* Calls `work` on the loop thread, at each of its turns, until it says that it is done. A second without being done is an error,
 * unless work is asked for it with is_late, when it has to come to its end. */
void inner_server_run(bool (*work)(void *ctx, bool is_late), void *ctx);
const struct kolam_net_handlers *inner_server_handlers(void);
/* The token of a person whom the server knows, and the admin's. The person's is "" once it was forgotten, until the server tells somebody
 * a new one. */
const char *inner_server_token(void);
void inner_server_forget_token(void);
const char *inner_server_admin_token(void);
/* What somebody was told last: a code ('C'), an invitation's ('I'), a phrase ('P'); "" before that, NULL for anything else. */
const char *inner_server_told(char what);
/* The number of the newest sanction that somebody was told of. */
uint64_t inner_server_sanctions(void);
/* Another address at each call: limits by address are not what is looked for. */
void inner_server_address(char out_text[32]);

#endif
