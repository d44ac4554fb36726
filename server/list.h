/* A doubly linked list whose links live in the things it links: removal needs no search, and a thing
 * that is in no list points at itself, so that removing it twice is harmless. */
#ifndef KOLAM_SERVER_LIST_H
#define KOLAM_SERVER_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct kolam_list {
    struct kolam_list *prev, *next;
};

static inline void kolam_list_init(struct kolam_list *list) {
    list->prev = list;
    list->next = list;
}

static inline bool kolam_list_is_empty(const struct kolam_list *list) {
    return list->next == list;
}

/* Inserts `link` at the end of `list`; it must be in no list. */
static inline void kolam_list_append(struct kolam_list *list, struct kolam_list *link) {
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

static inline void kolam_list_remove(struct kolam_list *link) {
    link->prev->next = link->next;
    link->next->prev = link->prev;
    kolam_list_init(link);
}

#define KOLAM_CONTAINER(pointer, type, member)                                                     \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Visits each element; the one visited may be removed or freed by the body. */
#define KOLAM_LIST_EACH(list, type, member, item)                                                  \
    for (struct kolam_list *item##_link = (list)->next, *item##_next = item##_link->next;          \
         item##_link != (list); item##_link = item##_next, item##_next = item##_link->next)        \
        for (type *item = KOLAM_CONTAINER(item##_link, type, member); item; item = NULL)

#endif
