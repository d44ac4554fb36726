/* Withdrawing somebody who was just sanctioned; see withdraw.h. Loop thread. */
#include "withdraw.h"

#include <string.h>

#include "fanout.h"
#include "preview.h"
#include "protocol_out.h"

/* What was seen as somebody's ends with them (LEFT); what was nobody's by itself. */
static void end_nobodys(struct kolam_session *session, const struct kolam_preview *preview,
                        uint64_t nonce) {
    if (preview->shown == KOLAM_SHOWN_AS_NOBODYS) {
        kolam_preview_end(session->canvas, session, nonce, preview->counter, preview->shown);
    }
}

static void forget_strokes(struct kolam_session *session) {
    KOLAM_LIST_EACH(&session->previews, struct kolam_preview, link, preview) {
        end_nobodys(session, preview, session->nonce);
        kolam_preview_destroy(preview);
    }
    session->preview_count = 0;
    KOLAM_LIST_EACH(&session->canvas->orphans, struct kolam_preview, link, orphan) {
        if (memcmp(orphan->author.ident, session->author.ident, KOLAM_IDENT_BYTES) == 0) {
            kolam_orphan_take(session->canvas, orphan);
            end_nobodys(session, orphan, orphan->nonce);
            kolam_preview_destroy(orphan);
        }
    }
}

void kolam_session_withdraw(struct kolam_session *session) {
    if (!session->has_author) {
        return;
    }
    forget_strokes(session);
    kolam_list_remove(&session->cursor.link);
    kolam_here_hide(session);
    kolam_follow_leave(session);
    if (session->was_seen) {
        session->was_seen = false;
        kolam_fanout_all(session->canvas, session, kolam_out_left(session->nonce));
    }
}
