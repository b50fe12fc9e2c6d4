/*
 * Sub-blocks: memory that the program hands out itself, from a block of malloc's or from a mapping
 * of its own, and tells us of through include/maptrace.h. And the blocks that hold them.
 *
 *     block of malloc's, 4096 bytes:  | sub-block 64 | free | sub-block 512 | not handed out yet |
 *     counted                           64 by its own stack, 512 by its own, 3520 by the block's
 *
 * Called by inside.c (what the program tells), books.c (a block that holds some is freed),
 * snapshots and fork. Rules: every byte is counted once; a sub-block never outlives the block that
 * holds it; the finder sees the sub-blocks and never what lies between them, as what was handed
 * back there must not pass for a live array of just that size.
 */
#ifndef PRELOAD_LEDGER_ARENA_H
#define PRELOAD_LEDGER_ARENA_H

#include "preload/ledger/ledger.h"
#include "preload/thread.h"

enum arena_outcome {
	ARENA_DONE,
	ARENA_UNKNOWN,  /* nothing begins there */
	ARENA_OVERLAPS, /* done; what was in its way counts as freed */
	ARENA_OUTSIDE,  /* refused: it runs out of the block that holds it, or into one */
	ARENA_FULL,     /* no memory, or no room for one more name */
};

/* ---- within a change */

enum arena_outcome arena_add(struct thread *thread, const struct ledger_block *sub);
enum arena_outcome arena_remove(struct thread *thread, uint64_t address);

/* Takes out the first sub-block that begins in [start, end). False: there is none left. */
bool arena_remove_one(struct thread *thread, uint64_t start, uint64_t end);

/* A block (ledger_is_outer) of which no sub-block is left becomes an ordinary one again. */
void arena_restore(uint64_t address);

/* A block that has parts is gone, and we were not told: it becomes an ordinary one without them. */
void arena_forget(struct thread *thread, uint64_t address);

/* The stack of a block or sub-block that begins there; false: none does. */
bool arena_find(uint64_t address, struct ledger_block *out);

/* It belongs to another stack from now on: the same one with another role. */
enum arena_outcome arena_move(struct thread *thread, uint64_t address, uint32_t stack);

/* Names the map at this address, until the block or sub-block that holds it is freed. NULL: it has
 * no name any more. */
enum arena_outcome arena_name(uint64_t address, const char *name);

/* ---- outside of changes */

/* All sub-blocks of a block that is about to leave, and the names of the maps in it. */
void arena_dissolve(struct thread *thread, uint64_t address);

/* ---- where nothing changes */

/* Calls `visit` for each sub-block and each outer block, with the bytes that its stack counts as
 * `size`. `is_rest`: that is what is left of a block that has sub-blocks, and no block that the
 * finder may see. */
void arena_each(void (*visit)(const struct ledger_block *block, bool is_rest, void *context),
                void *context);

/* In a forked child no lock can be trusted. */
void arena_after_fork(void);

#endif
