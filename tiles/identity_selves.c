/* Being several, and being nobody any more: merging two people into one, and erasing one. What canvases have to be told of either (they hold names, too) is kept
 * here until it was done. */
#include <string.h>

#include <jansson.h>

#include "identity_internal.h"

enum kolam_status kolam_identity_note_renaming(struct kolam_identity_db *identity, int64_t person,
                                               const char *name, bool also_itself) {
    return kolam_identity_run(identity,
                              "INSERT INTO renaming (ident, name) SELECT ident, ?1 FROM persons "
                              "WHERE merged_into = ?2 OR (id = ?2 AND ?3) "
                              "ON CONFLICT (ident) DO UPDATE SET name = excluded.name",
                              "tii", name, person, (int64_t)also_itself);
}

enum kolam_status kolam_identity_selves(struct kolam_identity_db *identity,
                                        const uint8_t ident[KOLAM_IDENT_BYTES],
                                        struct kolam_selves *out_selves) {
    struct kolam_selves selves = {0};
    sqlite3_stmt *rows;
    bool has_row = false;
    enum kolam_status status =
        kolam_identity_prepare(identity, &rows,
                               "SELECT self.ident FROM persons AS person "
                               "JOIN persons AS self ON self.merged_into = person.id "
                               "WHERE person.ident = ? ORDER BY self.id",
                               "d", ident);
    if (status != KOLAM_OK) {
        return status;
    }
    while ((status = kolam_sql_step(rows, &has_row)) == KOLAM_OK && has_row &&
           selves.count < KOLAM_FORMERS_MAX) {
        if (sqlite3_column_bytes(rows, 0) == KOLAM_IDENT_BYTES) {
            memcpy(selves.idents[selves.count++], sqlite3_column_blob(rows, 0), KOLAM_IDENT_BYTES);
        }
    }
    sqlite3_finalize(rows);
    *out_selves = selves;
    return status;
}

enum kolam_status kolam_identity_root(struct kolam_identity_db *identity,
                                      const uint8_t ident[KOLAM_IDENT_BYTES],
                                      struct kolam_author *out_author) {
    int64_t person = 0;
    enum kolam_status status = kolam_identity_number(
        identity, &person, "SELECT coalesce(merged_into, id) FROM persons WHERE ident = ?", "d",
        ident);
    return status == KOLAM_OK ? kolam_identity_author(identity, person, out_author) : status;
}

/* ---- merging ---- */

static enum kolam_status check_room(struct kolam_identity_db *identity, int64_t into,
                                    int64_t from) {
    int64_t selves = 0, secrets = 0;
    enum kolam_status status = kolam_identity_number(
        identity, &selves, "SELECT count(*) FROM persons WHERE merged_into IN (?, ?)", "ii", into,
        from);
    if (status == KOLAM_OK) {
        status = kolam_identity_number(identity, &secrets,
                                       "SELECT count(*) FROM secrets WHERE person IN (?, ?)", "ii",
                                       into, from);
    }
    if (status == KOLAM_OK && (selves + 1 > KOLAM_FORMERS_MAX || secrets > KOLAM_SECRETS_MAX)) {
        return KOLAM_ERR_FULL;
    }
    return status;
}

static enum kolam_status move_all(struct kolam_identity_db *identity, int64_t into, int64_t from) {
    static const char *const moves[] = {
        "UPDATE secret SET person = ?1 WHERE person = ?2",
        "UPDATE phrase SET person = ?1 WHERE person = ?2",
        "UPDATE subject SET person = ?1 WHERE person = ?2",
        "UPDATE invitation SET maker = ?1 WHERE maker = ?2",
        "UPDATE OR IGNORE guest SET person = ?1 WHERE person = ?2",
        "UPDATE person SET merged_into = ?1 WHERE merged_into = ?2 OR id = ?2",
    };
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < sizeof moves / sizeof moves[0] && status == KOLAM_OK; i++) {
        status = kolam_identity_run(identity, moves[i], "ii", into, from);
    }
    if (status == KOLAM_OK) { /* where both had come by one invitation */
        status = kolam_identity_run(identity, "DELETE FROM guest WHERE person = ?", "i", from);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(identity, "DELETE FROM link WHERE person = ?", "i", from);
    }
    return status == KOLAM_OK
               ? kolam_identity_run(identity, "UPDATE person SET name = NULL WHERE id = ?", "i",
                                    from)
               : status;
}

enum kolam_status kolam_identity_merge(struct kolam_identity_db *identity,
                                       const uint8_t into_ident[KOLAM_IDENT_BYTES],
                                       const uint8_t from_ident[KOLAM_IDENT_BYTES],
                                       struct kolam_author *out_author) {
    struct kolam_author author;
    int64_t into = 0, from = 0;
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_row(identity, into_ident, &into);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_row(identity, from_ident, &from);
    }
    if (status == KOLAM_OK && into == from) {
        status = KOLAM_ERR_INVALID;
    }
    if (status == KOLAM_OK) {
        status = check_room(identity, into, from);
    }
    if (status == KOLAM_OK) {
        status = move_all(identity, into, from);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_author(identity, into, &author);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_note_renaming(identity, into, author.name, false);
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        *out_author = author;
    }
    return status;
}

/* ---- erasing ---- */

static enum kolam_status delete_all(struct kolam_identity_db *identity, int64_t person) {
    static const char *const deletions[] = {
        "DELETE FROM secret WHERE person = ?",
        "DELETE FROM phrase WHERE person = ?",
        "DELETE FROM subject WHERE person = ?",
        "DELETE FROM link WHERE person = ?",
        "DELETE FROM guest WHERE person = ?",
        /* Nobody is left who could take them back; those who came by them stay invited. */
        "UPDATE invitation SET revoked_ms = created_ms WHERE maker = ? AND revoked_ms IS NULL",
        "UPDATE invitation SET maker = 0, note = '' WHERE maker = ?",
        "DELETE FROM person WHERE merged_into = ?1 OR id = ?1",
    };
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < sizeof deletions / sizeof deletions[0] && status == KOLAM_OK; i++) {
        status = kolam_identity_run(identity, deletions[i], "i", person);
    }
    return status;
}

enum kolam_status kolam_identity_erase(struct kolam_identity_db *identity,
                                       const uint8_t ident[KOLAM_IDENT_BYTES]) {
    int64_t person = 0;
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_row(identity, ident, &person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_note_renaming(identity, person, KOLAM_FORMER_NAME, true);
    }
    if (status == KOLAM_OK) {
        status = delete_all(identity, person);
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) { /* the old pages leave the -wal as well, if nobody reads them */
        kolam_sql_empty_wal(identity->db);
    }
    return status;
}

/* ---- what canvases are to be told ---- */

enum kolam_status kolam_identity_renaming_next(struct kolam_identity_db *identity,
                                               struct kolam_author *out_author) {
    sqlite3_stmt *row;
    bool has_row = false;
    enum kolam_status status = kolam_identity_prepare(
        identity, &row, "SELECT ident, name FROM renamings ORDER BY row_number LIMIT 1", "");
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sql_step(row, &has_row);
    if (status == KOLAM_OK) {
        status = has_row ? kolam_identity_read_author(row, 0, 1, out_author) : KOLAM_ERR_NOT_FOUND;
    }
    sqlite3_finalize(row);
    return status;
}

enum kolam_status kolam_identity_renaming_done(struct kolam_identity_db *identity,
                                               const struct kolam_author *author) {
    return kolam_identity_run(identity, "DELETE FROM renaming WHERE ident = ? AND name = ?", "dt",
                              author->ident, author->name);
}

/* ---- what is known of one ---- */

/* Each row as an array in `object`; `names` parted by blanks are its columns'. */
static enum kolam_status export_rows(struct kolam_identity_db *identity, json_t *object,
                                     const char *key, const char *text, int64_t person) {
    sqlite3_stmt *rows;
    bool has_row = false;
    enum kolam_status status = kolam_identity_prepare(identity, &rows, text, "i", person);
    if (status != KOLAM_OK) {
        return status;
    }
    json_t *list = json_array();
    while ((status = kolam_sql_step(rows, &has_row)) == KOLAM_OK && has_row) {
        json_t *row = json_object();
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *words = (const char *)sqlite3_column_text(rows, i);
            json_t *value = sqlite3_column_type(rows, i) == SQLITE_INTEGER
                                ? json_integer(sqlite3_column_int64(rows, i))
                            : words ? json_string(words)
                                    : json_null();
            (void)json_object_set_new(row, sqlite3_column_name(rows, i), value);
        }
        (void)json_array_append_new(list, row);
    }
    sqlite3_finalize(rows);
    return json_object_set_new(object, key, list) == 0 ? status : KOLAM_ERR_NOMEM;
}

enum kolam_status kolam_identity_export(struct kolam_identity_db *identity,
                                        const uint8_t ident[KOLAM_IDENT_BYTES],
                                        struct json_t **out_object) {
    static const struct {
        const char *key, *text;
    } parts[] = {
        {"person", "SELECT name, lower(hex(ident)) AS ident, created_ms AS created FROM persons "
                   "WHERE id = ?"},
        {"former_selves", "SELECT lower(hex(ident)) AS ident, created_ms AS created FROM persons "
                          "WHERE merged_into = ? ORDER BY id"},
        {"devices", "SELECT created_ms AS created, seen_ms AS seen FROM secrets WHERE person = ? "
                    "ORDER BY id"},
        {"recovery_phrases", "SELECT created_ms AS created FROM phrases WHERE person = ?"},
        {"open_codes", "SELECT until_ms AS until FROM links WHERE person = ?"},
        {"sign_in_services",
         "SELECT issuer, created_ms AS created FROM subjects WHERE person = ? ORDER BY created_ms"},
        {"came_by_invitations",
         "SELECT canvas, role, time_ms AS time FROM guests JOIN invitations ON id = invitation "
         "WHERE person = ? ORDER BY time_ms"},
        {"made_invitations",
         "SELECT canvas, role, uses, created_ms AS created, until_ms AS until, revoked_ms AS "
         "revoked, note FROM invitations WHERE maker = ? ORDER BY id"},
    };
    json_t *object = json_object();
    int64_t person = 0;
    enum kolam_status status =
        object ? kolam_identity_row(identity, ident, &person) : KOLAM_ERR_NOMEM;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == KOLAM_OK; i++) {
        status = export_rows(identity, object, parts[i].key, parts[i].text, person);
    }
    if (status != KOLAM_OK) {
        json_decref(object);
        return status;
    }
    *out_object = object;
    return KOLAM_OK;
}
