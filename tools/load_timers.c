/* The heap of what is due. */
#include "load_timers.h"

#include "kolam/alloc.h"

void kolam_load_timers_finish(struct kolam_load_timers *timers) {
    kolam_free(timers->heap);
    *timers = (struct kolam_load_timers){0};
}

bool kolam_load_timers_add(struct kolam_load_timers *timers, int64_t due_us, uint32_t who) {
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : 256;
        void *grown = kolam_realloc_array(timers->heap, capacity, sizeof *timers->heap);
        if (!grown) {
            return false;
        }
        timers->heap = grown;
        timers->capacity = capacity;
    }
    size_t at = timers->count++;
    for (; at > 0 && timers->heap[(at - 1) / 2].due_us > due_us; at = (at - 1) / 2) {
        timers->heap[at] = timers->heap[(at - 1) / 2];
    }
    timers->heap[at] = (struct kolam_load_timer){due_us, who};
    return true;
}

int64_t kolam_load_timers_next_us(const struct kolam_load_timers *timers) {
    return timers->count > 0 ? timers->heap[0].due_us : INT64_MAX;
}

struct kolam_load_timer kolam_load_timers_take(struct kolam_load_timers *timers) {
    struct kolam_load_timer *heap = timers->heap;
    const struct kolam_load_timer first = heap[0], last = heap[--timers->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < timers->count && heap[child + 1].due_us < heap[child].due_us) {
            child++;
        }
        if (child >= timers->count || heap[child].due_us >= last.due_us) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}
