/* The check that each row of the log carries; see op_sum.c. */
#ifndef KOLAM_TILES_OP_SUM_H
#define KOLAM_TILES_OP_SUM_H

#include "kolam/reader.h"
#include "sql.h"

/* Of all that the row says, as it is stored: a signed 32-bit number. */
int32_t kolam_op_sum(const struct kolam_log_row *row);

/* Prepares a query that names "op.sum": in a file of a version that had none, NULL stands there. */
KOLAM_MUST_CHECK enum kolam_status kolam_op_sum_prepare(sqlite3 *db, const char *text,
                                                        sqlite3_stmt **out_statement);

#endif
