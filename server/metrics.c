/* /metrics as Prometheus text, /healthz as one word. */
#include "metrics.h"

#include <stdio.h>
#include <string.h>

#include "http_route.h"
#include "kolam/alloc.h"
#include "metrics_scrape.h"

void kolam_metrics_answer(struct kolam_server *server, struct kolam_http *http) {
    struct kolam_text text = {0};
    struct kolam_scrape *scrape = kolam_alloc(sizeof(*scrape));
    if (scrape) {
        kolam_scrape(server, scrape);
        kolam_metrics_write(scrape, &text);
    }
    struct kolam_bytes *body =
        scrape && !text.has_failed ? kolam_bytes_copy(text.data, text.size) : NULL;
    if (body) {
        kolam_http_answer(http, 200,
                          "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                          "Cache-Control: no-store\r\n",
                          body);
    } else {
        kolam_http_error(http, 503, "out of memory");
    }
    kolam_bytes_unref(body);
    kolam_text_finish(&text);
    kolam_free(scrape);
}

void kolam_health_answer(struct kolam_server *server, struct kolam_http *http) {
    if (server->is_stopping) {
        kolam_http_error(http, 503, "shutting down");
    } else if (!kolam_canvases_are_writable(server)) {
        kolam_http_error(http, 503, "a canvas cannot be written: is the disk full?");
    } else {
        const unsigned damaged = atomic_load(&server->damaged_rows);
        char text[64] = "{\"status\":\"ok\"}\n";
        if (damaged > 0) { /* everybody else is served */
            (void)snprintf(text, sizeof(text), "{\"status\":\"ok\",\"damaged_rows\":%u}\n",
                           damaged);
        }
        kolam_http_answer_json(http, 200, strdup(text));
    }
}
