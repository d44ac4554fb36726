/* A checksum in each row of the files about people, kept and compared by the connection itself, so that no statement
 * has to think of it.
 *
 * Every table that has a column `sum` gets, in the connection's own temporary schema, two triggers that write it, and a view
 * of those of its rows whose sum is right, named after it in the plural: `persons` of `person`. What is read comes from
 * the views; only INSERT, UPDATE and DELETE name a table (kolam_sums_prepare refuses a SELECT that does). Nothing of that is in
 * the file: others can read it, and copy it.
 *
 * A damaged row is not there for who reads. Where for want of it nothing is found, that is KOLAM_ERR_CORRUPT and not
 * NOT_FOUND (kolam_sums_find). Who changes or deletes rows changes and deletes damaged ones as well, so that what is to be
 * forgotten is; but the difference between a damaged row's sum and what it should be is carried on: it stays damaged. */
#ifndef KOLAM_TILES_ROW_SUMS_H
#define KOLAM_TILES_ROW_SUMS_H

#include <stdatomic.h>

#include "kolam/damage.h"
#include "sql.h"

#define KOLAM_SUMS_KNOWN_MAX 64
#define KOLAM_SUMS_TABLES_MAX 16

struct kolam_sums {
    sqlite3 *db;
    kolam_damage_tell *tell;
    void *ctx;
    char tables[KOLAM_SUMS_TABLES_MAX][16]; /* that have sums */
    uint32_t table_count;
    struct {
        char table[16];
        int64_t row;
    } known[KOLAM_SUMS_KNOWN_MAX]; /* each is told once; of more, each time */
    atomic_uint known_count;       /* for any thread */
    uint64_t judged, met;          /* rows that were looked at; of these damaged, left out */
    bool reads_tables;             /* of the statement that is being prepared */
};

/* Makes functions, views and (if the connection writes) triggers for the tables that there are by now. The struct must
 * stay where it is as long as the connection. */
KOLAM_MUST_CHECK enum kolam_status kolam_sums_begin(struct kolam_sums *sums, sqlite3 *db,
                                                    bool is_writing);
/* Gives every row the sum of what it holds: once, when rows had none. */
KOLAM_MUST_CHECK enum kolam_status kolam_sums_fill(struct kolam_sums *sums);
/* Reads every row of every table; *out_rows (may be NULL) is how many there are. */
KOLAM_MUST_CHECK enum kolam_status kolam_sums_look(struct kolam_sums *sums, uint64_t *out_rows);
/* The same when a file is opened: what is damaged is known before anybody comes. Indexes that contradict rows which are all sound are made anew;
 * where rows are damaged they stay, since by them a row is still found, to be an error and not somebody unknown. Either is
 * told as the table "index", row 0. */
KOLAM_MUST_CHECK enum kolam_status kolam_sums_open(struct kolam_sums *sums);
/* From now on, and of what was found before. */
void kolam_sums_tell(struct kolam_sums *sums, kolam_damage_tell *tell, void *ctx);

KOLAM_MUST_CHECK enum kolam_status kolam_sums_prepare(struct kolam_sums *sums, const char *text,
                                                      unsigned flags, sqlite3_stmt **out_statement);
/* A step of a statement that looks for one row. */
KOLAM_MUST_CHECK enum kolam_status kolam_sums_find(struct kolam_sums *sums, sqlite3_stmt *statement,
                                                   bool *out_has_row);
/* kolam_sql_meta_get of sound rows; CORRUPT. */
KOLAM_MUST_CHECK enum kolam_status kolam_sums_meta_get(struct kolam_sums *sums, const char *key,
                                                       int64_t *out_value);

#endif
