/* Invitations: links that give a role on a canvas to those who come by them, so many times and so long as their maker says. The link's code is as
 * random as a secret; its hash is kept. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "identity_internal.h"

#define GUESTS_TOLD_MAX 64

static enum kolam_status count_open(struct kolam_identity_db *identity, const uint8_t *maker,
                                    int64_t *out_person, int64_t *out_count) {
    const int64_t now_ms = kolam_identity_now(identity);
    *out_count = 0;
    if (!maker) {
        return KOLAM_OK; /* the operator knows what they do */
    }
    enum kolam_status status = kolam_identity_row(identity, maker, out_person);
    return status == KOLAM_OK
               ? kolam_identity_number(identity, out_count,
                                       "SELECT count(*) FROM invitations WHERE maker = ? AND "
                                       "revoked_ms IS NULL AND until_ms > ?",
                                       "ii", *out_person, now_ms)
               : status;
}

static bool is_valid(const struct kolam_invitation *invitation, int64_t now_ms) {
    return invitation->uses >= 1 && invitation->uses <= KOLAM_INVITATION_USES_MAX &&
           invitation->until_ms > now_ms &&
           invitation->until_ms - now_ms <= KOLAM_INVITATION_MS_MAX && invitation->role >= 0 &&
           invitation->canvas[0] != '\0';
}

enum kolam_status kolam_identity_invite(struct kolam_identity_db *identity, const uint8_t *maker,
                                        const struct kolam_invitation *invitation,
                                        uint8_t out_code[KOLAM_INVITATION_CODE_BYTES],
                                        int64_t *out_number) {
    const int64_t now_ms = kolam_identity_now(identity);
    uint8_t code[KOLAM_INVITATION_CODE_BYTES], hash[KOLAM_HASH_BYTES];
    int64_t person = 0, open = 0;
    if (!is_valid(invitation, now_ms)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = count_open(identity, maker, &person, &open);
    if (status == KOLAM_OK && open >= KOLAM_INVITATIONS_MAX) {
        status = KOLAM_ERR_FULL;
    }
    if (status != KOLAM_OK) {
        return status;
    }
    kolam_random_bytes(code, sizeof code);
    kolam_sha256(code, sizeof code, hash);
    status = kolam_identity_run(
        identity,
        maker ? "INSERT INTO invitation (hash, canvas, role, uses, created_ms, until_ms, "
                "is_withdrawn, note, maker) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)"
              : "INSERT INTO invitation (hash, canvas, role, uses, created_ms, until_ms, "
                "is_withdrawn, note) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
        maker ? "htiiiiti" : "htiiiit", hash, invitation->canvas, (int64_t)invitation->role,
        (int64_t)invitation->uses, now_ms, invitation->until_ms, invitation->note, person);
    if (status == KOLAM_OK) {
        memcpy(out_code, code, sizeof code);
        *out_number = sqlite3_last_insert_rowid(identity->db);
    }
    OPENSSL_cleanse(code, sizeof code);
    return status;
}

/* ---- coming by one ---- */

struct found {
    struct kolam_invitation invitation;
    int64_t number, used;
    bool is_revoked;
};

static void copy_text(char *out, size_t capacity, const unsigned char *text) {
    (void)snprintf(out, capacity, "%s", text ? (const char *)text : "");
}

static void read_found(sqlite3_stmt *row, struct found *found) {
    found->number = sqlite3_column_int64(row, 0);
    copy_text(found->invitation.canvas, sizeof found->invitation.canvas,
              sqlite3_column_text(row, 2));
    found->invitation.role = sqlite3_column_int(row, 3);
    found->invitation.uses = (uint32_t)sqlite3_column_int64(row, 4);
    found->invitation.until_ms = sqlite3_column_int64(row, 5);
    found->is_revoked = sqlite3_column_type(row, 6) != SQLITE_NULL;
    copy_text(found->invitation.note, sizeof found->invitation.note, sqlite3_column_text(row, 7));
    found->used = sqlite3_column_int64(row, 8);
}

static enum kolam_status find_invitation(struct kolam_identity_db *identity,
                                         const uint8_t code[KOLAM_INVITATION_CODE_BYTES],
                                         struct found *found) {
    sqlite3_stmt *row;
    uint8_t hash[KOLAM_HASH_BYTES];
    bool has_row = false;
    kolam_sha256(code, KOLAM_INVITATION_CODE_BYTES, hash);
    enum kolam_status status = kolam_identity_prepare(
        identity, &row,
        "SELECT id, hash, canvas, role, uses, until_ms, revoked_ms, note, "
        "(SELECT count(*) FROM guests WHERE invitation = id) FROM invitations WHERE hash = ?",
        "h", hash);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sums_find(&identity->sums, row, &has_row);
    if (status == KOLAM_OK) {
        const uint8_t *stored = has_row ? sqlite3_column_blob(row, 1) : NULL;
        const bool is_it = stored && sqlite3_column_bytes(row, 1) == KOLAM_HASH_BYTES &&
                           CRYPTO_memcmp(stored, hash, KOLAM_HASH_BYTES) == 0;
        status = is_it ? KOLAM_OK : KOLAM_ERR_NOT_FOUND;
        if (is_it) {
            read_found(row, found);
        }
    }
    sqlite3_finalize(row);
    return status;
}

/* Whoever came once may come again, however old or full it is by now; not when it was revoked. */
static enum kolam_status judge(struct kolam_identity_db *identity, const struct found *found,
                               int64_t person) {
    int64_t came = 0;
    enum kolam_status status =
        person == 0 ? KOLAM_OK
                    : kolam_identity_number(
                          identity, &came,
                          "SELECT count(*) FROM guests WHERE invitation = ? AND person = ?", "ii",
                          found->number, person);
    if (status != KOLAM_OK) {
        return status;
    }
    if (found->is_revoked) {
        return KOLAM_ERR_NOT_FOUND;
    }
    if (came == 0 && found->invitation.until_ms <= kolam_identity_now(identity)) {
        return KOLAM_ERR_GONE;
    }
    return came == 0 && found->used >= found->invitation.uses ? KOLAM_ERR_FULL : KOLAM_OK;
}

enum kolam_status kolam_identity_invitation_use(struct kolam_identity_db *identity,
                                                const uint8_t code[KOLAM_INVITATION_CODE_BYTES],
                                                const uint8_t *ident,
                                                struct kolam_invitation *out_invitation) {
    struct found found = {0};
    int64_t person = 0;
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = find_invitation(identity, code, &found);
    }
    if (status == KOLAM_OK && ident) {
        status = kolam_identity_row(identity, ident, &person);
    }
    if (status == KOLAM_OK) {
        status = judge(identity, &found, person);
    }
    if (status == KOLAM_OK && ident) {
        status = kolam_identity_run(
            identity, "INSERT OR IGNORE INTO guest (invitation, person, time_ms) VALUES (?, ?, ?)",
            "iii", found.number, person, kolam_identity_now(identity));
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        *out_invitation = found.invitation;
    }
    return status;
}

enum kolam_status kolam_identity_invited(struct kolam_identity_db *identity,
                                         const uint8_t ident[KOLAM_IDENT_BYTES], const char *canvas,
                                         int32_t *out_role) {
    int64_t role = -1;
    enum kolam_status status = kolam_identity_number(
        identity, &role,
        "SELECT coalesce(max(role), -1) FROM persons AS person "
        "JOIN guests AS guest ON guest.person = person.id "
        "JOIN invitations AS invitation ON invitation.id = guest.invitation "
        "WHERE person.ident = ? AND invitation.canvas = ? AND NOT is_withdrawn",
        "dt", ident, canvas);
    if (status == KOLAM_OK) {
        *out_role = (int32_t)role;
    }
    return status;
}

/* ---- their maker ---- */

enum kolam_status kolam_identity_invitation_revoke(struct kolam_identity_db *identity,
                                                   const uint8_t *maker, const char *canvas,
                                                   int64_t number, bool is_withdrawn) {
    int64_t person = 0;
    enum kolam_status status = maker ? kolam_identity_row(identity, maker, &person) : KOLAM_OK;
    if (status == KOLAM_OK) {
        status = kolam_identity_run(identity,
                                    "UPDATE invitation SET revoked_ms = coalesce(revoked_ms, ?1), "
                                    "is_withdrawn = max(is_withdrawn, ?2) "
                                    "WHERE id = ?3 AND (?4 OR maker = ?5 OR canvas = ?6)",
                                    "iiiiit", kolam_identity_now(identity), (int64_t)is_withdrawn,
                                    number, (int64_t)(maker == NULL), person, canvas ? canvas : "");
    }
    return status == KOLAM_OK && sqlite3_changes(identity->db) == 0 ? KOLAM_ERR_NOT_FOUND : status;
}

static json_t *text_or_null(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? json_string(text) : json_null();
}

static json_t *time_or_null(sqlite3_stmt *row, int column) {
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? json_null()
               : json_integer(sqlite3_column_int64(row, column));
}

/* Who came by it, the newest first. */
static json_t *guests_json(struct kolam_identity_db *identity, int64_t number,
                           enum kolam_status *status) {
    sqlite3_stmt *rows;
    bool has_row = false;
    json_t *list = json_array();
    *status =
        kolam_identity_prepare(identity, &rows,
                               "SELECT name, time_ms FROM guests AS guest JOIN persons AS person "
                               "ON person.id = guest.person "
                               "WHERE invitation = ? ORDER BY time_ms DESC LIMIT ?",
                               "ii", number, (int64_t)GUESTS_TOLD_MAX);
    if (*status != KOLAM_OK) {
        return list;
    }
    while ((*status = kolam_sql_step(rows, &has_row)) == KOLAM_OK && has_row) {
        (void)json_array_append_new(list,
                                    json_pack("{so sI}", "name", text_or_null(rows, 0), "time",
                                              (json_int_t)sqlite3_column_int64(rows, 1)));
    }
    sqlite3_finalize(rows);
    return list;
}

static json_t *invitation_json(struct kolam_identity_db *identity, sqlite3_stmt *row,
                               const char *(*role_name)(int32_t role), enum kolam_status *status) {
    const int64_t number = sqlite3_column_int64(row, 0);
    return json_pack("{sI so ss sI sI sI sI so sb so so so}", "invitation", (json_int_t)number,
                     "canvas", text_or_null(row, 1), "role", role_name(sqlite3_column_int(row, 2)),
                     "uses", (json_int_t)sqlite3_column_int64(row, 3), "used",
                     (json_int_t)sqlite3_column_int64(row, 4), "created",
                     (json_int_t)sqlite3_column_int64(row, 5), "until",
                     (json_int_t)sqlite3_column_int64(row, 6), "revoked", time_or_null(row, 7),
                     "withdrawn", sqlite3_column_int(row, 8) != 0, "note", text_or_null(row, 9),
                     "by", text_or_null(row, 10), "who", guests_json(identity, number, status));
}

enum kolam_status kolam_identity_invitations(struct kolam_identity_db *identity,
                                             const uint8_t *maker, const char *canvas,
                                             uint32_t limit, const char *(*role_name)(int32_t role),
                                             struct json_t **out_list) {
    sqlite3_stmt *rows;
    bool has_row = false;
    int64_t person = 0;
    enum kolam_status status = maker ? kolam_identity_row(identity, maker, &person) : KOLAM_OK;
    if (status == KOLAM_OK) {
        status = kolam_identity_prepare(
            identity, &rows,
            "SELECT invitation.id, canvas, role, uses, "
            "(SELECT count(*) FROM guests WHERE invitation = invitation.id), "
            "invitation.created_ms, "
            "until_ms, revoked_ms, is_withdrawn, note, person.name "
            "FROM invitations AS invitation LEFT JOIN persons AS person ON person.id = maker "
            "WHERE (?1 OR maker = ?2) AND (?3 OR canvas = ?4) ORDER BY invitation.id DESC LIMIT ?5",
            "iiiti", (int64_t)(maker == NULL), person, (int64_t)(canvas == NULL),
            canvas ? canvas : "", (int64_t)limit);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    json_t *list = json_array();
    while (status == KOLAM_OK && (status = kolam_sql_step(rows, &has_row)) == KOLAM_OK && has_row) {
        enum kolam_status told = KOLAM_OK;
        (void)json_array_append_new(list, invitation_json(identity, rows, role_name, &told));
        status = told;
    }
    sqlite3_finalize(rows);
    if (status != KOLAM_OK) {
        json_decref(list);
        return status;
    }
    *out_list = list;
    return KOLAM_OK;
}
