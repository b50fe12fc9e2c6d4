/*
 * GHashTable in the middle of its growth: GLib resizes its arrays one by one, and this program's
 * realloc, which comes before the C library's, makes a mark on both sides of each.
 */
#include "test_programs/erase_moment.h"

#include <dlfcn.h>
#include <glib.h>
#include <stdlib.h>

static struct erase_moment moment;

__attribute__((noinline)) void *
realloc(void *block, size_t size)
{
	static void *(*next)(void *, size_t);
	static int number; /* of this array since the growth began */
	char where[32];

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "realloc");
	if (moment.which == NULL) {
		number = 0;
		return next(block, size);
	}
	snprintf(where, sizeof(where), "array %d", number);
	erase_moment_mark(&moment, where);
	block = next(block, size);
	snprintf(where, sizeof(where), "array %d resized", number++);
	erase_moment_mark(&moment, where);
	return block;
}

int
main(void)
{
	GHashTable *table = g_hash_table_new(g_direct_hash, g_direct_equal);

	for (int key = 1; key <= 20000; key++) {
		uint64_t count = (uint64_t)key;
		if (key > 1000) /* it grows behind the insertion that fills it */
			moment = (struct erase_moment){"growing", (uintptr_t)table, count, count};
		g_hash_table_insert(table, GINT_TO_POINTER(key), GINT_TO_POINTER(2 * key));
		moment.which = NULL;
	}
	return 0;
}
