/*
 * A hash table in parts with a lock each, for the few blocks that shadow words cannot say.
 *
 *     address --hash--> part | slot        slots: | block | block | free | block | ...
 *
 * Called by ledger.c within a change. Rules: at most half of the slots are in use, and what follows
 * a slot that becomes free moves up, so that a search may end at the first free one.
 */
#include "preload/ledger/aside.h"

#include "preload/hidden.h"
#include "preload/lock.h"
#include "preload/shield.h"

enum { PART_BITS = 6, PARTS = 1 << PART_BITS, SLOTS_FIRST = 128 };

struct part {
	uint32_t lock;
	size_t count, mask;
	struct ledger_block *slots; /* address 0: free */
} __attribute__((aligned(64)));

static struct part parts[PARTS];

static inline uint64_t
aside_hash(uint64_t address)
{
	return (address >> 3) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline struct part *
aside_part(uint64_t address)
{
	return &parts[aside_hash(address) >> (64 - PART_BITS)];
}

static inline size_t
slot_home(const struct part *part, uint64_t address)
{
	return (size_t)(aside_hash(address) >> 20) & part->mask;
}

/* Where the block is, or the free slot where it belongs. */
static struct ledger_block *
slot_of(const struct part *part, uint64_t address)
{
	size_t at = slot_home(part, address);

	while (part->slots[at].address && part->slots[at].address != address)
		at = (at + 1) & part->mask;
	return &part->slots[at];
}

static bool
part_grow(struct part *part)
{
	struct part grown = { .count = part->count }, outgrown = *part;
	size_t slots = part->slots ? (part->mask + 1) * 2 : SLOTS_FIRST;

	grown.slots = hidden_map(slots * sizeof(grown.slots[0]));
	if (!grown.slots)
		return false;
	grown.mask = slots - 1;
	for (size_t i = 0; part->slots && i <= part->mask; i++) {
		if (part->slots[i].address)
			*slot_of(&grown, part->slots[i].address) = part->slots[i];
	}
	part->slots = grown.slots;
	part->mask = grown.mask;
	if (outgrown.slots)
		hidden_unmap(outgrown.slots, (outgrown.mask + 1) * sizeof(part->slots[0]));
	return true;
}

bool
aside_put(const struct ledger_block *block)
{
	struct part *part = aside_part(block->address);
	struct shield shield;
	bool has_room;

	shield_take(&shield, &part->lock);
	has_room = (part->slots && 2 * part->count <= part->mask) || part_grow(part);
	if (has_room) {
		*slot_of(part, block->address) = *block;
		part->count++;
	}
	shield_release(&shield, &part->lock);
	return has_room;
}

/* Frees a slot: each block behind it that could not lie nearer to its home moves up. */
static void
slot_free(struct part *part, struct ledger_block *slot)
{
	size_t hole = (size_t)(slot - part->slots);

	for (size_t at = hole;;) {
		size_t home;

		at = (at + 1) & part->mask;
		if (!part->slots[at].address)
			break;
		home = slot_home(part, part->slots[at].address);
		if (((at - home) & part->mask) < ((at - hole) & part->mask))
			continue;
		part->slots[hole] = part->slots[at];
		hole = at;
	}
	part->slots[hole] = (struct ledger_block){ 0 };
	part->count--;
}

bool
aside_look(uint64_t address, bool take, struct ledger_block *out)
{
	struct part *part = aside_part(address);
	struct ledger_block *slot;
	struct shield shield;
	bool found = false;

	if (!__atomic_load_n(&part->slots, __ATOMIC_RELAXED) || !address)
		return false;
	shield_take(&shield, &part->lock);
	slot = slot_of(part, address);
	if (slot->address) {
		*out = *slot;
		found = true;
		if (take)
			slot_free(part, slot);
	}
	shield_release(&shield, &part->lock);
	return found;
}

void
aside_each(void (*visit)(const struct ledger_block *block, void *context), void *context)
{
	for (int i = 0; i < PARTS; i++) {
		const struct part *part = &parts[i];

		for (size_t at = 0; part->slots && at <= part->mask; at++) {
			if (part->slots[at].address)
				visit(&part->slots[at], context);
		}
	}
}

void
aside_after_fork(void)
{
	for (int i = 0; i < PARTS; i++)
		lock_release(&parts[i].lock);
}
