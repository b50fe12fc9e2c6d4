/*
 * The home-made map of the tutorial in doc/profiles.md: open addressing, text keys copied to blocks
 * of their own, deleted slots marked. Three of them: one that only grew, one half emptied, one
 * emptied.
 */
#include "test_programs/truth.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	char *key;
	uint64_t value;
	uint8_t state; /* 0 free, 1 an entry, 2 deleted */
};

struct map {
	struct entry *entries;
	uint32_t slots; /* a power of two */
	uint32_t used;  /* entries and deleted ones */
	uint32_t alive; /* entries */
};

static struct entry *
map_slot(const struct map *map, const char *key)
{
	uint64_t hash = 14695981039346656037u;
	for (const char *at = key; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 1099511628211u;
	for (uint64_t i = hash;; i++) {
		struct entry *entry = &map->entries[i & (map->slots - 1)];
		if (entry->state == 0 || (entry->state == 1 && strcmp(entry->key, key) == 0))
			return entry;
	}
}

__attribute__((noinline)) static void
map_grow(struct map *map)
{
	struct map old = *map;
	map->slots = old.slots == 0 ? 8 : 2 * old.slots;
	map->used = map->alive;
	map->entries = calloc(map->slots, sizeof(*map->entries));
	if (map->entries == NULL)
		abort();
	for (uint32_t i = 0; i < old.slots; i++)
		if (old.entries[i].state == 1)
			*map_slot(map, old.entries[i].key) = old.entries[i];
	free(old.entries);
}

static void
map_put(struct map *map, const char *key, uint64_t value)
{
	if (4 * (map->used + 1) > 3 * map->slots)
		map_grow(map);
	struct entry *entry = map_slot(map, key);
	if (entry->state == 0) {
		*entry = (struct entry){.key = strdup(key), .state = 1};
		map->used++;
		map->alive++;
	}
	entry->value = value;
}

static void
map_remove(struct map *map, const char *key)
{
	struct entry *entry = map_slot(map, key);
	if (entry->state != 1)
		return;
	free(entry->key);
	*entry = (struct entry){.state = 2};
	map->alive--;
}

static void
tell(const char *name, const struct map *map, bool was_only_inserted)
{
	struct truth truth = {
	    .name = name, .where = "global", .address = (uintptr_t)map, .count = map->alive,
	    .buckets = map->slots, .capacity = 3 * map->slots / 4,
	    .bucket_bytes = map->slots * sizeof(*map->entries), .needed_bytes = TRUTH_UNTOLD,
	    .inserts_only = was_only_inserted,
	};
	for (uint32_t i = 0; i < map->slots; i++)
		if (map->entries[i].state == 1)
			truth.value_bytes += strlen(map->entries[i].key) + 1;
	truth_print(&truth);
}

int
main(void)
{
	static struct map kept, half, emptied;
	char key[32];
	for (uint64_t i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "key %" PRIu64, i);
		map_put(&kept, key, i);
		map_put(&half, key, i);
		map_put(&emptied, key, i);
	}
	for (uint64_t i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "key %" PRIu64, i);
		if (i % 2 != 0)
			map_remove(&half, key);
		map_remove(&emptied, key);
	}
	tell("kept", &kept, true);
	tell("half", &half, false);
	tell("emptied", &emptied, false);
	truth_end();
	return 0;
}
