/* What moderation.db calls people; see moderation_names.h. */
#include "moderation_names.h"

#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "sanctions.h"

struct naming {
    struct kolam_moderation_request base;
    struct kolam_server *server;
    kolam_moderation_named *named;
    void *ctx;
    bool is_somebody;
    uint8_t ident[KOLAM_IDENT_BYTES], now[KOLAM_IDENT_BYTES];
    uint32_t artist;
    char canvas[KOLAM_CANVAS_NAME_MAX + 1], name[KOLAM_NAME_BYTES_MAX + 1];
};

static enum kolam_status perform_person(struct kolam_moderation_db *db,
                                        struct kolam_moderation_request *base) {
    const struct naming *naming = (const struct naming *)base;
    return naming->is_somebody ? kolam_moderation_merged(db, naming->ident, naming->now)
                               : kolam_moderation_erased(db, naming->ident);
}

static enum kolam_status perform_artist(struct kolam_moderation_db *db,
                                        struct kolam_moderation_request *base) {
    const struct naming *naming = (const struct naming *)base;
    return kolam_moderation_renamed(db, naming->canvas, naming->artist, naming->name);
}

static void done(struct kolam_moderation_request *base) {
    struct naming *naming = (struct naming *)base;
    if (base->status != KOLAM_OK) {
        kolam_logfmt(&naming->server->logfmt, KOLAM_LOG_ERROR, "moderation_db",
                     "status=%d reason=\"names; tried again in a minute\"", base->status);
    }
    naming->named(naming->ctx, base->status);
    kolam_free(naming);
}

/* NULL: `named` has been told. */
static struct naming *naming_of(struct kolam_server *server, kolam_moderation_named *named,
                                void *ctx) {
    struct naming *naming = server->is_stopping ? NULL : kolam_alloc_zero(1, sizeof(*naming));
    if (!naming) {
        named(ctx, server->is_stopping ? KOLAM_ERR_CLOSED : KOLAM_ERR_NOMEM);
        return NULL;
    }
    naming->base.done = done;
    naming->server = server;
    naming->named = named;
    naming->ctx = ctx;
    return naming;
}

void kolam_moderation_name_person(struct kolam_server *server,
                                  const uint8_t ident[KOLAM_IDENT_BYTES], const uint8_t *now,
                                  kolam_moderation_named *named, void *ctx) {
    struct naming *naming = naming_of(server, named, ctx);
    if (!naming) {
        return;
    }
    kolam_sanctions_name(server, ident, now); /* what a restart has read as it was */
    naming->base.perform = perform_person;
    naming->is_somebody = now != NULL;
    memcpy(naming->ident, ident, sizeof(naming->ident));
    memcpy(naming->now, now ? now : ident, sizeof(naming->now));
    kolam_moderation_submit(kolam_sanctions_thread(server), &naming->base);
}

void kolam_moderation_name_artist(struct kolam_server *server, const char *canvas, uint32_t artist,
                                  const char *name, kolam_moderation_named *named, void *ctx) {
    struct naming *naming = naming_of(server, named, ctx);
    if (!naming) {
        return;
    }
    naming->base.perform = perform_artist;
    naming->artist = artist;
    (void)snprintf(naming->canvas, sizeof(naming->canvas), "%s", canvas);
    (void)snprintf(naming->name, sizeof(naming->name), "%s", name);
    kolam_moderation_submit(kolam_sanctions_thread(server), &naming->base);
}
