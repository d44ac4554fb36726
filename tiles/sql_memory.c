/* SQLite's memory as a whole; see kolam/memory.h and storage.h. */
#include "sql.h"

#include "kolam/memory.h"

uint64_t kolam_storage_memory_bytes(void) {
    return (uint64_t)sqlite3_memory_used();
}

void kolam_storage_limit_memory(uint64_t limit_bytes) {
    (void)sqlite3_soft_heap_limit64((sqlite3_int64)limit_bytes);
}
