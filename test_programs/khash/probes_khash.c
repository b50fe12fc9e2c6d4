/*
 * khash tables whose searches are gone as kh_get goes them, over the table's own flags. klib's
 * hashes of integers are known to maptrace; of a hash of the program's own, of texts, and of few
 * entries, which would not prove the hash, it must not tell anything.
 */
#include "test_programs/probes.h"

#include <htslib/khash.h>
#include <maptrace.h>
#include <stdlib.h>
#include <string.h>

#define kh_own_hash_func(key) ((khint32_t)(key)*2654435761U)

KHASH_MAP_INIT_INT(narrow, int)
KHASH_MAP_INIT_INT64(wide, char)
KHASH_INIT(own, khint32_t, int, 1, kh_own_hash_func, kh_int_hash_equal)
KHASH_MAP_INIT_STR(text, int)

/* Gives every search in `table`, whose keys have this hash. */
#define walk_searches(probes, table, hash)                                                         \
	for (khint_t at = 0; at < kh_end(table); at++) {                                           \
		khint_t mask = (table)->n_buckets - 1, place, places = 1;                          \
		if (!kh_exist(table, at))                                                          \
			continue;                                                                  \
		for (place = hash(kh_key(table, at)) & mask; place != at; places++)                \
			place = (place + places) & mask;                                           \
		probes_add_search(&(probes), places);                                              \
	}

#define fill(name, table, entries, key_of, left)                                                   \
	do {                                                                                       \
		int result;                                                                        \
		for (uint64_t i = 0; i < (entries); i++) {                                         \
			khint_t at = kh_put(name, table, key_of(i), &result);                      \
			kh_val(table, at) = 1;                                                     \
		}                                                                                  \
		for (uint64_t i = (left); i < (entries); i++)                                      \
			kh_del(name, table, kh_get(name, table, key_of(i)));                       \
	} while (0)

static khint32_t
stepped(uint64_t i)
{
	return (khint32_t)i * 64;
}

static khint64_t
high(uint64_t i)
{
	return i << 39 | UINT64_C(1) << 63;
}

static const char *
text_of(uint64_t i)
{
	static char *texts[3000];
	char text[32];

	snprintf(text, sizeof(text), "key %d", (int)i);
	if (texts[i] == NULL && (texts[i] = strdup(text)) == NULL)
		abort();
	return texts[i];
}

static void
tell_narrow(const char *name, uint64_t entries, uint64_t left)
{
	khash_t(narrow) *table = kh_init(narrow);
	struct probes probes = {0};

	fill(narrow, table, entries, stepped, left);
	walk_searches(probes, table, kh_int_hash_func);
	probes_tell(name, table, &probes, left == 0 || left >= 16);
}

static void
tell_wide(void)
{
	khash_t(wide) *table = kh_init(wide);
	struct probes probes = {0};

	fill(wide, table, 4000, high, 3500);
	walk_searches(probes, table, kh_int64_hash_func);
	probes_tell("wide", table, &probes, true);
}

static void
tell_unknown(void)
{
	khash_t(own) *own = kh_init(own);
	khash_t(text) *text = kh_init(text);
	struct probes of_own = {0}, of_text = {0};

	fill(own, own, 3000, stepped, 3000);
	walk_searches(of_own, own, kh_own_hash_func);
	probes_tell("own hash", own, &of_own, false);
	fill(text, text, 3000, text_of, 3000);
	walk_searches(of_text, text, kh_str_hash_func);
	probes_tell("text", text, &of_text, false);
}

int
main(void)
{
	tell_narrow("plain", 5000, 5000);
	tell_narrow("half emptied", 5000, 2000);
	tell_narrow("few", 5000, 15);
	tell_narrow("emptied", 5000, 0);
	tell_wide();
	tell_unknown();
	fflush(stdout);
	maptrace_mark("probes");
	return 0;
}
