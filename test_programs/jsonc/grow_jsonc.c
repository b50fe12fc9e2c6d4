/*
 * A json-c table that grows while the environment says how many entries it has (preloaded/moments.c
 * makes the marks), for tests/e2e/test_growing.py. Prints its address.
 */
#include <inttypes.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>

enum { FROM = 1000, TO = 20000 };

int
main(void)
{
	static char keys[TO];
	struct lh_table *table = lh_kptr_table_new(16, NULL);

	printf("{\"kind\": \"table\", \"address\": %" PRIuPTR "}\n", (uintptr_t)table);
	fflush(stdout);
	for (int i = 0; i < TO; i++) {
		char moment[32];
		snprintf(moment, sizeof(moment), "table %d", i);
		if (i >= FROM)
			setenv("MOMENT", moment, 1);
		lh_table_insert(table, &keys[i], NULL);
		unsetenv("MOMENT");
	}
	lh_table_free(table);
	return 0;
}
