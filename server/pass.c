/* Passes; see pass.h. */
#include "pass.h"

#include "claims.h"
#include "session.h"

void kolam_pass_make(struct kolam_session *session) {
    kolam_random_bytes(session->pass, sizeof(session->pass));
}

/* Takes as long wherever they differ. */
static bool is_same(const uint8_t a[KOLAM_PASS_BYTES], const uint8_t b[KOLAM_PASS_BYTES]) {
    uint8_t difference = 0;
    for (int i = 0; i < KOLAM_PASS_BYTES; i++) {
        difference |= a[i] ^ b[i];
    }
    return difference == 0;
}

const struct kolam_session *kolam_pass_find(const struct kolam_canvas *canvas,
                                            const struct kolam_request *request) {
    const struct kolam_session *found = NULL;
    uint8_t pass[KOLAM_PASS_BYTES];
    if (!kolam_hex_decode(request->pass, pass, sizeof(pass))) {
        return NULL;
    }
    KOLAM_LIST_EACH(&canvas->sessions, const struct kolam_session, canvas_link, session) {
        if (is_same(session->pass, pass)) {
            found = session;
        }
    }
    return found;
}
