/*
 * The ledger: SHARDS open-addressing tables, each with a lock and slots of its own.
 *
 *     hash(address) --high bits--> shard --low bits--> slot, slot + 1, ... until a free one
 *
 *     shard  | lock | count | mask | slots --> | address size stack | ... |   address 0: free
 *
 * Called by record.c at every event, by snapshots and around fork. Rules: a shard is never more than
 * three quarters full, so a search ends; a removal closes the gap it leaves, so there are no
 * tombstones and a ledger that only churns never grows.
 */
#include "preload/ledger.h"

#include "preload/hidden.h"
#include "preload/lock.h"

enum { SHARD_BITS = 6, SHARDS = 1 << SHARD_BITS, SLOTS_FIRST = 128 };

struct shard {
	uint32_t lock;
	size_t count, mask;
	struct ledger_block *slots;
} __attribute__((aligned(64)));

static struct shard shards[SHARDS];

static inline uint64_t
ledger_hash(uint64_t address)
{
	return (address >> 4) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct shard *
ledger_shard(uint64_t hash)
{
	return &shards[hash >> (64 - SHARD_BITS)];
}

static inline size_t
ledger_home(const struct shard *shard, uint64_t hash)
{
	return (hash >> 24) & shard->mask;
}

/* The slot of `address`, or the free one where it belongs. */
static inline struct ledger_block *
ledger_slot(const struct shard *shard, uint64_t address, uint64_t hash)
{
	size_t at = ledger_home(shard, hash);

	while (shard->slots[at].address && shard->slots[at].address != address)
		at = (at + 1) & shard->mask;
	return &shard->slots[at];
}

static void
ledger_move_all(struct shard *into, const struct shard *from)
{
	for (size_t i = 0; from->slots && i <= from->mask; i++) {
		const struct ledger_block *block = &from->slots[i];

		if (block->address)
			*ledger_slot(into, block->address, ledger_hash(block->address)) = *block;
	}
}

static __attribute__((noinline)) bool
ledger_grow(struct shard *shard)
{
	size_t slots = shard->slots ? (shard->mask + 1) * 2 : SLOTS_FIRST;
	struct shard grown = { .count = shard->count, .mask = slots - 1 };

	grown.slots = hidden_map(slots * sizeof(grown.slots[0]));
	if (!grown.slots)
		return false;
	ledger_move_all(&grown, shard);
	if (shard->slots)
		hidden_unmap(shard->slots, (shard->mask + 1) * sizeof(shard->slots[0]));
	shard->slots = grown.slots;
	shard->mask = grown.mask;
	return true;
}

static inline bool
ledger_has_room(struct shard *shard)
{
	size_t room = shard->slots ? (shard->mask + 1) / 4 * 3 : 0;

	return __builtin_expect(shard->count < room, 1) || ledger_grow(shard);
}

bool
ledger_add(const struct ledger_block *block, struct ledger_block *stale, bool *full)
{
	uint64_t hash = ledger_hash(block->address);
	struct shard *shard = ledger_shard(hash);
	struct ledger_block *slot;
	bool was_there = false;

	lock_take(&shard->lock);
	*full = !ledger_has_room(shard);
	if (!*full) {
		slot = ledger_slot(shard, block->address, hash);
		was_there = slot->address != 0;
		if (was_there)
			*stale = *slot;
		*slot = *block;
		shard->count += !was_there;
	}
	lock_release(&shard->lock);
	return was_there;
}

/* Blocks after the gap move back into it where their home lies at or before it. */
static void
ledger_close_gap(struct shard *shard, size_t gap)
{
	for (size_t at = (gap + 1) & shard->mask; shard->slots[at].address;
	     at = (at + 1) & shard->mask) {
		size_t home = ledger_home(shard, ledger_hash(shard->slots[at].address));

		if (((at - home) & shard->mask) >= ((at - gap) & shard->mask)) {
			shard->slots[gap] = shard->slots[at];
			gap = at;
		}
	}
	shard->slots[gap].address = 0;
}

bool
ledger_remove(uint64_t address, struct ledger_block *out)
{
	uint64_t hash = ledger_hash(address);
	struct shard *shard = ledger_shard(hash);
	struct ledger_block *slot;
	bool found = false;

	lock_take(&shard->lock);
	if (shard->count) {
		slot = ledger_slot(shard, address, hash);
		found = slot->address != 0;
		if (found) {
			*out = *slot;
			ledger_close_gap(shard, (size_t)(slot - shard->slots));
			shard->count--;
		}
	}
	lock_release(&shard->lock);
	return found;
}

bool
ledger_find(uint64_t address, struct ledger_block *out)
{
	uint64_t hash = ledger_hash(address);
	struct shard *shard = ledger_shard(hash);
	bool found = false;

	lock_take(&shard->lock);
	if (shard->count) {
		*out = *ledger_slot(shard, address, hash);
		found = out->address != 0;
	}
	lock_release(&shard->lock);
	return found;
}

void
ledger_lock(void)
{
	for (int i = 0; i < SHARDS; i++)
		lock_take(&shards[i].lock);
}

void
ledger_unlock(void)
{
	for (int i = SHARDS; i-- > 0;)
		lock_release(&shards[i].lock);
}

void
ledger_after_fork(void)
{
	ledger_unlock();
}

size_t
ledger_count(void)
{
	size_t count = 0;

	for (int i = 0; i < SHARDS; i++)
		count += shards[i].count;
	return count;
}

size_t
ledger_copy(struct ledger_block *into, size_t room)
{
	size_t copied = 0;

	for (int i = 0; i < SHARDS; i++) {
		const struct shard *shard = &shards[i];

		for (size_t s = 0; shard->slots && s <= shard->mask && copied < room; s++) {
			if (shard->slots[s].address)
				into[copied++] = shard->slots[s];
		}
	}
	return copied;
}

void
ledger_each(void (*visit)(const struct ledger_block *block))
{
	for (int i = 0; i < SHARDS; i++) {
		const struct shard *shard = &shards[i];

		for (size_t s = 0; shard->slots && s <= shard->mask; s++) {
			if (shard->slots[s].address)
				visit(&shard->slots[s]);
		}
	}
}
