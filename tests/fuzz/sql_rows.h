/* Rows of any values in a database that SQLite finds sound: an input is commands, each a row for a table, or a change of the rows that are
 * there. */
#ifndef KOLAM_TESTS_FUZZ_SQL_ROWS_H
#define KOLAM_TESTS_FUZZ_SQL_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct sql_rows {
    const char *const *inserts; /* with a ? for each column */
    const char *const *changes; /* with one ? */
    size_t insert_count, change_count;
};

/* Puts the commands of an input into the database at `path`, in one transaction. */
void sql_rows_put(const struct sql_rows *rows, const char *path, const uint8_t *bytes,
                  size_t size_bytes);

/* A database that was closed, as bytes in one file; the caller's. */
uint8_t *sql_rows_take_file(const char *path, size_t *out_size_bytes);

#endif
