/*
 * The ledger: a record for each live block, found through the word that shadows its address. SHARDS
 * parts, each with a lock and records of its own; the blocks of one MiB are in one shard.
 *
 *     address --shadow--> number --> records: | address size stack next | ... |    address 0: free
 *                                                               '--> number of a block in the same
 *                                                                    16 bytes, or of a free record
 *     numbers   1 ... 63 | 64 ... 127 | 128 ... 255 | ...    one mapping each, as they are needed
 *
 * So what blocks that were made one after another need lies side by side, and nothing is ever moved:
 * growing costs no event more than a mapping. Called by record.c at every event, by snapshots and
 * around fork. Rules: a word is read and written under its shard's lock; freed records are used
 * again first, so that a ledger that only churns never grows.
 */
#include "preload/ledger.h"

#include "preload/hidden.h"
#include "preload/lock.h"
#include "preload/shadow.h"

enum {
	SHARD_BITS = 6,
	SHARDS = 1 << SHARD_BITS,
	FIRST_BITS = 6, /* 64 records in the first mapping */
	MAPPINGS_MAX = 32 - FIRST_BITS,
	NONE = 0,
};

struct record {
	uint64_t address, size;
	uint32_t stack, next;
};

struct shard {
	uint32_t lock;
	uint32_t made;  /* numbers below it were used at some time; 0: none, not even NONE */
	uint32_t freed; /* the first of the free records below `made` */
	size_t count;
	struct record *mappings[MAPPINGS_MAX];
} __attribute__((aligned(64)));

static struct shard shards[SHARDS];

static inline struct shard *
ledger_shard(uint64_t address)
{
	return &shards[address / SHADOW_REGION * UINT64_C(0x9e3779b97f4a7c15) >>
	               (64 - SHARD_BITS)];
}

/* Mapping m > 0 begins with number 64 << (m - 1) and holds as many; mapping 0 holds those below. */
static inline uint32_t
mapping_of(uint32_t number)
{
	return number >> FIRST_BITS ? 32 - FIRST_BITS - (uint32_t)__builtin_clz(number) : 0;
}

static inline uint32_t
mapping_start(uint32_t mapping)
{
	return mapping ? UINT32_C(1) << (FIRST_BITS + mapping - 1) : 0;
}

static inline uint32_t
mapping_size(uint32_t mapping)
{
	return UINT32_C(1) << (FIRST_BITS + (mapping ? mapping - 1 : 0));
}

static inline struct record *
record_at(const struct shard *shard, uint32_t number)
{
	uint32_t mapping = mapping_of(number);

	return &shard->mappings[mapping][number - mapping_start(mapping)];
}

/* The word, or the link in the chain behind it, that leads to the record of `address`; NULL: there
 * is none. */
static inline uint32_t *
ledger_link(const struct shard *shard, uint32_t *link, uint64_t address)
{
	while (*link != NONE) {
		struct record *record = record_at(shard, *link);

		if (__builtin_expect(record->address == address, 1))
			return link;
		link = &record->next;
	}
	return NULL;
}

/* A number that was never used; NONE: no memory. */
static __attribute__((noinline)) uint32_t
ledger_new_number(struct shard *shard)
{
	uint32_t number = shard->made ? shard->made : NONE + 1, mapping = mapping_of(number);

	if (mapping >= MAPPINGS_MAX)
		return NONE;
	if (!shard->mappings[mapping])
		shard->mappings[mapping] = hidden_map(mapping_size(mapping) * sizeof(struct record));
	if (!shard->mappings[mapping])
		return NONE;
	shard->made = number + 1;
	return number;
}

static inline uint32_t
ledger_take_number(struct shard *shard)
{
	uint32_t number = shard->freed;

	if (number == NONE)
		return ledger_new_number(shard);
	shard->freed = record_at(shard, number)->next;
	return number;
}

static inline void
ledger_give(const struct record *record, struct ledger_block *into)
{
	*into = (struct ledger_block){ record->address, record->size, record->stack };
}

/* False: no memory. */
static bool
ledger_insert(struct shard *shard, uint32_t *word, const struct ledger_block *block)
{
	uint32_t number = ledger_take_number(shard);

	if (number == NONE)
		return false;
	*record_at(shard, number) =
	    (struct record){ block->address, block->size, block->stack, *word };
	*word = number;
	shard->count++;
	return true;
}

bool
ledger_add(const struct ledger_block *block, struct ledger_block *stale, bool *full)
{
	struct shard *shard = ledger_shard(block->address);
	uint32_t *word = shadow_make(block->address), *link;
	struct record *record;

	*full = !word;
	if (!word)
		return false;
	lock_take(&shard->lock);
	link = ledger_link(shard, word, block->address);
	if (__builtin_expect(link != NULL, 0)) {
		record = record_at(shard, *link);
		ledger_give(record, stale);
		record->size = block->size;
		record->stack = block->stack;
	} else {
		*full = !ledger_insert(shard, word, block);
	}
	lock_release(&shard->lock);
	return link != NULL;
}

static void
ledger_erase(struct shard *shard, uint32_t *link)
{
	uint32_t number = *link;
	struct record *record = record_at(shard, number);

	*link = record->next;
	record->address = 0;
	record->next = shard->freed;
	shard->freed = number;
	shard->count--;
}

static inline bool
ledger_look(uint64_t address, struct ledger_block *out, bool take)
{
	struct shard *shard = ledger_shard(address);
	uint32_t *word = shadow_find(address), *link;

	if (!word)
		return false;
	lock_take(&shard->lock);
	link = ledger_link(shard, word, address);
	if (link)
		ledger_give(record_at(shard, *link), out);
	if (link && take)
		ledger_erase(shard, link);
	lock_release(&shard->lock);
	return link != NULL;
}

bool
ledger_remove(uint64_t address, struct ledger_block *out)
{
	return ledger_look(address, out, true);
}

bool
ledger_find(uint64_t address, struct ledger_block *out)
{
	return ledger_look(address, out, false);
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
	shadow_after_fork();
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
		for (uint32_t n = NONE + 1; n < shards[i].made && copied < room; n++) {
			const struct record *record = record_at(&shards[i], n);

			if (record->address)
				ledger_give(record, &into[copied++]);
		}
	}
	return copied;
}

void
ledger_each(void (*visit)(const struct ledger_block *block))
{
	for (int i = 0; i < SHARDS; i++) {
		for (uint32_t n = NONE + 1; n < shards[i].made; n++) {
			const struct record *record = record_at(&shards[i], n);
			struct ledger_block block;

			if (!record->address)
				continue;
			ledger_give(record, &block);
			visit(&block);
		}
	}
}
