/*
 * Rules by address, for all threads. Called at each step of a walk.
 *
 *     at --> set of four, one cache line | at, generation | rule | ...
 *     sets in use    256, 1,024, 4,096, 16,384: more where every other place has its rule
 *
 * It is a cache: any entry may be gone at any time, and is learned again from the tables, which
 * _dl_find_object leads to without the loader's lock. Rules: an entry is taken only where its key
 * was the one asked for both before and after the rule was read; a key that another generation
 * wrote is no match, so that no rule outlives the code it was made for.
 */
#include "preload/unwind/rules.h"

#include "preload/stacks/intern.h"
#include "preload/stacks/module.h"
#include "preload/unwind/cfi.h"
#include "preload/unwind/object.h"
#include "preload/unwind/unwinder.h"

enum {
	SET_RULES = 4,
	BITS_FIRST = 8,  /* of the number of sets that are in use: most programs never touch more */
	BITS_MOST = 14,
	BITS_STEP = 2,
	SETS = 1 << BITS_MOST,
	ADDRESS_BITS = 48,
};

struct entry {
	uint64_t key; /* at | generation << ADDRESS_BITS; 0: free */
	struct rule rule;
};

static struct set {
	struct entry entries[SET_RULES];
} sets[SETS] __attribute__((aligned(64)));
static uint32_t bits = BITS_FIRST, kept; /* rules, since there was none */
uint32_t rules_moves = 1; /* the generation; its low 16 bits go into keys */

static inline uint64_t
rules_key(uint64_t at)
{
	return at | (uint64_t)__atomic_load_n(&rules_moves, __ATOMIC_RELAXED) << ADDRESS_BITS;
}

/* Where the rule for `at` is looked for first, second and so on: mostly it is the first. */
static inline struct entry *
rules_place(uint64_t at, unsigned turn)
{
	uint64_t hash = at * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t set = hash >> (64 - __atomic_load_n(&bits, __ATOMIC_RELAXED));

	return &sets[set].entries[(hash + turn) % SET_RULES];
}

/* ---- what the tables say */

/* The loaded segment that holds `address`. */
static int
rules_segment(const struct dl_find_object *object, const uint8_t *address,
              struct cfi_tables *tables)
{
	size_t count;
	const ElfW(Phdr) *segment = object_headers(object, &count);

	for (size_t i = 0; segment && i < count; i++, segment++) {
		uint64_t low = object->dlfo_link_map->l_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R) ||
		    (uintptr_t)address - low >= segment->p_filesz)
			continue;
		tables->low = (const uint8_t *)(uintptr_t)low;
		tables->high = tables->low + segment->p_filesz;
		return 0;
	}
	return -1;
}

/* The tables of the object that holds `at`. Returns 0, 1: it has none, or -1: there is no
 * object. */
static int
rules_tables(uint64_t at, struct cfi_tables *tables)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)(uintptr_t)at, &object))
		return -1;
	tables->index = object.dlfo_eh_frame;
	return !tables->index || rules_segment(&object, tables->index, tables);
}

static struct rule
rules_make(uint64_t at)
{
	struct rule rule = { .kind = RULE_UNKNOWN };
	struct cfi_tables tables;
	int found = rules_tables(at, &tables);

	if (found < 0)
		return rule;
	if (found == 0)
		rule = cfi_rule(&tables, at);
	if (unwinder_is_own(at))
		rule.flags |= RULE_OWN;
	return rule;
}

uint64_t
rules_function(uint64_t at)
{
	struct cfi_function function;
	struct cfi_tables tables;

	return !rules_tables(at, &tables) && !cfi_find(&tables, at, &function) ? function.start : 0;
}

/* ---- the cache */

static inline bool
rules_is_current(const struct entry *entry)
{
	return entry->key >> ADDRESS_BITS == (uint16_t)rules_moves;
}

static void
rules_put(uint64_t at, struct rule rule)
{
	static uint32_t turn;
	struct entry *entry = rules_place(at, turn++);

	for (unsigned i = SET_RULES; i-- > 0;) {
		if (!rules_is_current(rules_place(at, i)))
			entry = rules_place(at, i);
	}
	__atomic_store_n(&entry->key, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store(&entry->rule, &rule, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->key, rules_key(at), __ATOMIC_RELEASE);
}

/* Each set's rules go to the same number of sets, which begin at or after their own: from the last
 * set on, those are empty by then. Who looks meanwhile may miss a rule, and learns it again. */
static void
rules_grow(void)
{
	uint32_t before = 1u << bits;

	__atomic_store_n(&bits, bits + BITS_STEP, __ATOMIC_RELAXED);
	for (uint32_t i = before; i-- > 0;) {
		for (int k = 0; k < SET_RULES; k++) {
			struct entry *entry = &sets[i].entries[k], moved = *entry;

			if (!rules_is_current(entry))
				continue;
			__atomic_store_n(&entry->key, 0, __ATOMIC_RELAXED);
			rules_put(moved.key & ((UINT64_C(1) << ADDRESS_BITS) - 1), moved.rule);
		}
	}
}

static void
rules_keep(uint64_t at, struct rule rule)
{
	if (bits < BITS_MOST && ++kept > SET_RULES / 2 * (1u << bits))
		rules_grow();
	rules_put(at, rule);
}

/* module_of asks for intern's lock, which also keeps other writers out. */
static __attribute__((noinline)) struct rule
rules_learn(uint64_t at)
{
	struct rule rule;
	uint32_t module;

	intern_learn();
	rule = rules_make(at);
	module = module_of(at);
	if (module < TRACE_SITE_NO_MODULE) { /* else nobody tells when the code goes */
		if (!(rule.flags & RULE_OWN))
			rule.site = intern_site(at + 1, (uint16_t)module);
		rules_keep(at, rule);
	}
	return rule;
}

struct rule
rules_find(uint64_t at)
{
	uint64_t key = rules_key(at);
	struct rule rule;

	for (unsigned i = 0; i < SET_RULES; i++) {
		const struct entry *entry = rules_place(at, i);

		if (__atomic_load_n(&entry->key, __ATOMIC_ACQUIRE) != key)
			continue;
		__atomic_load(&entry->rule, &rule, __ATOMIC_ACQUIRE);
		if (__builtin_expect(__atomic_load_n(&entry->key, __ATOMIC_RELAXED) == key, 1))
			return rule;
	}
	return rules_learn(at);
}

/* Keys hold 16 bits of the generation: before those come round, every entry goes. */
void
rules_forget(void)
{
	intern_lock();
	if (!(uint16_t)(rules_moves + 1)) {
		for (size_t i = 0; i < SETS; i++) {
			for (int k = 0; k < SET_RULES; k++)
				__atomic_store_n(&sets[i].entries[k].key, 0, __ATOMIC_RELAXED);
		}
		__atomic_fetch_add(&rules_moves, 1, __ATOMIC_RELEASE);
	}
	__atomic_fetch_add(&rules_moves, 1, __ATOMIC_RELEASE);
	kept = 0;
	intern_unlock();
}
