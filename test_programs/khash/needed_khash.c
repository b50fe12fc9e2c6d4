/*
 * khash emptied to every count from 1 on, next to fresh tables; then kh_resize() of each that was
 * emptied. Tables below 128 slots are too small to be looked for: there the count of what they hold
 * is all there is to compare.
 */
#include "test_programs/khash/counted.h" /* before khash.h, whose allocation it takes over */

#include "test_programs/khash/map.h"
#include "test_programs/needed.h"

enum { TABLES_MAX = 400 };

static khash_t(map) *emptied[TABLES_MAX];

/* In order of the slots: which are deleted ones does not matter to what is needed. */
static void
empty_to(khash_t(map) *table, uint64_t count)
{
	for (khint_t at = 0; at < kh_end(table) && kh_size(table) > count; at++)
		if (kh_exist(table, at))
			kh_del(map, table, at);
}

int
main(void)
{
	size_t tables = 0;

	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		khash_t(map) *fresh = kh_init(map);
		size_t before = counted_live;
		fill(fresh, count);
		size_t held = counted_live - before;
		emptied[tables] = kh_init(map);
		fill(emptied[tables], NEEDED_FROM);
		empty_to(emptied[tables], count);
		needed_tell_held("khash", count, emptied[tables++], fresh, held);
	}
	needed_end();
	for (size_t i = 0; i < tables; i++) {
		khash_t(map) *table = emptied[i];
		size_t before = counted_live;
		counted_peak = before;
		if (kh_resize(map, table, (khint_t)(kh_size(table) / 0.77 + 2)) != 0)
			return 1;
		needed_tell_shrunk("khash", "kh_resize", kh_size(table), table,
		                   counted_peak - before);
	}
	needed_shrunk_end();
	return 0;
}
