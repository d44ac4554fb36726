/* The inside of life_audit.c and life_audit_people.c. */
#ifndef KOLAM_TESTS_LIFE_AUDIT_H
#define KOLAM_TESTS_LIFE_AUDIT_H

#include "tests/support/faults/life.h"
#include "tests/support/faults/ram.h"

struct audit {
    const struct life *life;
    const char *what; /* is looked at, for what is said */
    size_t before;    /* what was promised by then is there */
    size_t now;       /* what was asked for by then may be */
    bool is_copy;     /* a backup: nothing is written to it */
    bool is_done;     /* a backup that is */
    struct life_findings found;
    char data[560], log_path[600], tiles_path[600];
    uint64_t seqs[LIFE_UNITS_MAX][4]; /* found; 0: not */
    uint64_t next_seq, base_seq;
};

void KOLAM_PRINTF(2, 3) audit_complain(struct audit *audit, const char *format, ...);
/* An error, if it is one, is noted; true if not. */
bool audit_must(struct audit *audit, enum kolam_status status, const char *what,
                const struct kolam_error *error);
/* What an audit of that depends on: the files, and what was promised of them. */
struct ram_print audit_print_canvas(const struct audit *audit);
struct ram_print audit_print_people(const struct audit *audit);
struct ram_print audit_print_copy(const struct audit *audit);
/* identity.db and moderation.db, if anything was promised of them. */
void audit_people(struct audit *audit);

#endif
