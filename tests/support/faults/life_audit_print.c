/* See life_audit.h: the files and the promises as a number, so that what was found good is not looked at again. Moments and the
 * time are left out: of a promise it only counts whether it had been made. */
#include <stdio.h>
#include <string.h>

#include "tests/support/faults/life_audit.h"

static struct ram_print add_number(struct ram_print print, uint64_t number) {
    return ram_print_add(print, &number, sizeof number);
}

static struct ram_print add_files(struct ram_print print, const char *folder, const char *begin) {
    char path[700];
    (void)snprintf(path, sizeof path, "%s/%s", folder, begin);
    const struct ram_print files = ram_print(path);
    return add_number(add_number(print, files.low), files.high);
}

static struct ram_print add_unit(struct ram_print print, const struct audit *audit,
                                 const struct life_unit *unit) {
    const bool is_promised = unit->promised_at <= audit->before;
    print = add_number(print, is_promised ? unit->seq : 0);
    print = add_number(print, (uint64_t)unit->author << 32 | unit->op_count);
    for (uint32_t i = 0; i < unit->op_count; i++) {
        const struct kolam_log_op *op = &unit->ops[i];
        print = add_number(print, (uint64_t)op->counter << 8 | (uint64_t)op->kind << 1 |
                                      (uint64_t)op->is_partial);
        print = ram_print_add(print, op->body, op->body_size_bytes);
    }
    return print;
}

static struct ram_print add_units(struct ram_print print, const struct audit *audit) {
    for (uint32_t i = 0; i < audit->life->unit_count; i++) {
        print = add_unit(print, audit, &audit->life->units[i]);
    }
    return print;
}

static struct ram_print add_person(struct ram_print print, const struct audit *audit,
                                   const struct life_person *person) {
    print = ram_print_add(print, person->author.ident, sizeof person->author.ident);
    print = ram_print_add(print, person->author.name, strlen(person->author.name));
    print = add_number(print, (uint64_t)person->into << 2 |
                                  (uint64_t)(person->into_asked_at <= audit->now) << 1 |
                                  (uint64_t)(person->into_promised_at <= audit->before));
    for (uint32_t i = 0; i < person->name_count; i++) {
        const struct life_name *name = &person->names[i];
        print = ram_print_add(print, name->text, strlen(name->text));
        print = add_number(print, (uint64_t)(name->asked_at <= audit->now) << 1 |
                                      (uint64_t)(name->promised_at <= audit->before));
    }
    return print;
}

static struct ram_print add_fact(struct ram_print print, const struct audit *audit,
                                 const struct life_fact *fact) {
    print = add_number(print, (uint64_t)fact->kind << 32 | fact->person);
    print = add_number(print, fact->number);
    print = ram_print_add(print, fact->key, sizeof fact->key);
    print = ram_print_add(print, fact->text, strlen(fact->text));
    return add_number(print, (uint64_t)(fact->promised_at <= audit->before) << 2 |
                                 (uint64_t)(fact->end_asked_at <= audit->now) << 1 |
                                 (uint64_t)(fact->end_promised_at <= audit->before));
}

static struct ram_print add_people(struct ram_print print, const struct audit *audit) {
    for (uint32_t i = 0; i < audit->life->person_count; i++) {
        print = add_person(print, audit, &audit->life->people[i]);
    }
    for (uint32_t i = 0; i < audit->life->fact_count; i++) {
        print = add_fact(print, audit, &audit->life->facts[i]);
    }
    return print;
}

struct ram_print audit_print_canvas(const struct audit *audit) {
    const struct ram_print print = {.low = 3, .high = 4};
    return add_units(add_files(print, audit->data, "canvases/"), audit);
}

struct ram_print audit_print_people(const struct audit *audit) {
    struct ram_print print = {.low = 5, .high = 6};
    print = add_files(print, audit->data, "identity.db");
    return add_people(add_files(print, audit->data, "moderation.db"), audit);
}

struct ram_print audit_print_copy(const struct audit *audit) {
    struct ram_print print = {.low = 7, .high = 8};
    print = add_number(add_files(print, audit->data, ""), audit->is_done);
    return add_people(add_units(print, audit), audit);
}
