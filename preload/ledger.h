/*
 * The live blocks: address -> requested size and stack. In parts with a lock each.
 */
#ifndef PRELOAD_LEDGER_H
#define PRELOAD_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_block {
	uint64_t address;
	uint64_t size;
	uint32_t stack;
};

/* Adds a live block. If the address is still there (its free went past us), the old entry is
 * returned in *stale and true is returned. *full is set when there was no memory for it. */
bool ledger_add(const struct ledger_block *block, struct ledger_block *stale, bool *full);

/* Takes a block out; false: not known. */
bool ledger_remove(uint64_t address, struct ledger_block *out);

/* Looks without taking; false: not known. */
bool ledger_find(uint64_t address, struct ledger_block *out);

/* All shards at once, for fork and snapshots. */
void ledger_lock(void);
void ledger_unlock(void);
void ledger_after_fork(void);

/* How many blocks; and all of them, in any order. Under ledger_lock, or in a frozen child. */
size_t ledger_count(void);
size_t ledger_copy(struct ledger_block *into, size_t room);

/* Calls `visit` for each. Where nothing else runs: in a forked child. */
void ledger_each(void (*visit)(const struct ledger_block *block));

#endif
