/*
 * The live blocks: address -> requested size and stack, in the words that shadow the block itself.
 * Everything but the inspection is called within a change (change.h), and takes no lock but for the
 * few blocks that words cannot say.
 *
 *     word    | 0 ...                    |   no block begins here
 *             | 1 | code 5 | stack 26    |   one does; code 0..16: its size
 *             | 0 | size 31              |   the size of the block that begins 16 bytes before
 *
 *     heap    | block of 40 bytes ................... | block of 9 ... |
 *     words   | 1 17 stack | 0 40     | 0            | 1  9 stack     |
 *
 * A block that is longer than one granule owns the word of its second granule: no other block can
 * begin there. So the exact size costs no word more, and the next allocator need not be asked for
 * what it made of it. Only the owner of a block (who got it from malloc, who is about to free it)
 * touches its words.
 *
 * Blocks of more than 2 GiB, with a stack beyond 2^26 or in the last granule of a region are kept
 * aside, and the word says so; blocks at other than multiples of 8, or beyond all words, are
 * kept aside without. Blocks that the program hands out in parts (arena.h) have a word that says
 * just that; here they are unknown.
 */
#ifndef PRELOAD_LEDGER_LEDGER_H
#define PRELOAD_LEDGER_LEDGER_H

#include "preload/ledger/shadow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_block {
	uint64_t address;
	uint64_t size;
	uint32_t stack;
};

#define LEDGER_HEAD (UINT32_C(1) << 31)
#define LEDGER_STACK_BITS 26
#define LEDGER_STACKS (UINT32_C(1) << LEDGER_STACK_BITS)
#define LEDGER_HEAD_CODE (LEDGER_HEAD >> LEDGER_STACK_BITS)
#define LEDGER_SIZES (UINT64_C(1) << 31)

#define LEDGER_OUTER_SIZE UINT64_MAX

enum ledger_code { LEDGER_NEXT_WORD = SHADOW_GRANULE + 1, LEDGER_OUTER = 30, LEDGER_ASIDE = 31 };

static inline uint32_t
ledger_head(uint32_t code, uint32_t stack)
{
	return LEDGER_HEAD | code << LEDGER_STACK_BITS | stack;
}

static inline uint32_t
ledger_code(uint32_t word)
{
	return word >> LEDGER_STACK_BITS & 31;
}

/* Adds a block that is not there. A block that is in its way (its free went past us) is taken out:
 * true then, and the caller adds again, since there may be more. *full: there was no memory. An
 * outer block stays, with the size LEDGER_OUTER_SIZE: the caller has arena_forget deal with it
 * first. */
bool ledger_add(const struct ledger_block *block, struct ledger_block *stale, bool *full);
bool ledger_remove_slowly(uint64_t address, struct ledger_block *out);

/* The straight way of ledger_add: the words where a block of less than LEDGER_SIZES bytes goes that
 * begins with a granule, nothing being in its way; NULL: it goes another way. */
static inline __attribute__((always_inline)) uint32_t *
ledger_place(uint64_t address, uint64_t size, uint32_t stack)
{
	uint32_t *word;

	if (__builtin_expect(!shadow_covers(address) || stack >= LEDGER_STACKS ||
	                     (address + SHADOW_GRANULE) % SHADOW_PAGE == 0, 0))
		return NULL;
	word = shadow_find(address);
	if (__builtin_expect(!word || word[0] || (size > SHADOW_GRANULE && word[1]), 0))
		return NULL;
	return word;
}

static inline __attribute__((always_inline)) void
ledger_put(uint32_t *word, uint64_t size, uint32_t stack)
{
	uint32_t code = (uint32_t)size;

	if (__builtin_expect(size > SHADOW_GRANULE, 1)) {
		word[1] = code;
		code = LEDGER_NEXT_WORD;
	}
	__atomic_store_n(&word[0], ledger_head(code, stack), __ATOMIC_RELEASE);
}

/* From a head to its block; false: no head, or kept aside. */
static inline __attribute__((always_inline)) bool
ledger_read(const uint32_t *word, uint64_t address, struct ledger_block *out)
{
	uint32_t head = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	uint32_t code = (head >> LEDGER_STACK_BITS) - LEDGER_HEAD_CODE; /* large: no head */

	if (__builtin_expect(code > LEDGER_NEXT_WORD, 0))
		return false;
	out->address = address;
	out->size = __builtin_expect(code == LEDGER_NEXT_WORD, 1) ? word[1] : code;
	out->stack = head & (LEDGER_STACKS - 1);
	return true;
}

/* The words of a block that begins with a granule, and the block; NULL: there is none. */
static inline __attribute__((always_inline)) uint32_t *
ledger_look(uint64_t address, struct ledger_block *out)
{
	uint32_t *word = shadow_covers(address) ? shadow_peek(address) : NULL;

	return __builtin_expect(word && ledger_read(word, address, out), 1) ? word : NULL;
}

/* Takes the block of these words out. */
static inline __attribute__((always_inline)) void
ledger_take(uint32_t *word, const struct ledger_block *block)
{
	__atomic_store_n(word, 0, __ATOMIC_RELAXED);
	if (block->size > SHADOW_GRANULE)
		word[1] = 0;
}

/* Takes a block out; false: not known. */
static inline bool
ledger_remove(uint64_t address, struct ledger_block *out)
{
	uint32_t *word = ledger_look(address, out);

	if (__builtin_expect(!word, 0))
		return ledger_remove_slowly(address, out);
	ledger_take(word, out);
	return true;
}

/* Looks without taking; false: not known. */
bool ledger_find(uint64_t address, struct ledger_block *out);

/* The same, where nothing but that is asked. */
static inline __attribute__((always_inline)) bool
ledger_knows(uint64_t address)
{
	struct ledger_block known;

	return __builtin_expect(ledger_look(address, &known) != NULL, 1) ||
	       ledger_find(address, &known);
}

/* The block that holds this address and begins at most `reach` bytes before; false: none. Those at
 * other than multiples of 16 are not looked for. */
bool ledger_holding(uint64_t address, uint64_t reach, struct ledger_block *out);

/* A block that was taken out goes on in arena.h's tables, until the word is cleared. */
void ledger_set_outer(uint64_t address);
void ledger_clear_outer(uint64_t address);
bool ledger_is_outer(uint64_t address);

/* ---- where nothing changes: in a frozen child, or with changes stopped */

/* How many blocks. */
size_t ledger_count(void);

/* Calls `visit` for each: in order of address those that begin with a granule, then in order those
 * amid one, and those that are kept aside last. */
void ledger_each(void (*visit)(const struct ledger_block *block, void *context), void *context);

/* The same, and the ledger's memory is given back meanwhile: for a child that only looks. */
void ledger_drain(void (*visit)(const struct ledger_block *block, void *context), void *context);

/* ---- outside of changes */

/* Gives memory back that belonged to blocks which are gone. */
void ledger_trim(void);

/* The same, if enough of them are: to be asked now and then, with the live bytes. */
void ledger_trim_if_due(uint64_t live_bytes, uint64_t now_ns);

void ledger_after_fork(void);

#endif
