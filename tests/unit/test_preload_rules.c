/* A rule stays what it is while the table that keeps it grows, and is made anew once code moved. */
#include "preload/stacks/intern.h"
#include "preload/unwind/rules.h"
#include "test_preload_counting.h"
#include "tests/unit/test_instrument.h"

#include <stdlib.h>

enum { RULES = 40000, STEP = 7, SAMPLE = 1000 };

static struct rule rules[RULES];

/* In libc's code, whose functions are all described. */
static uint64_t
address_of(size_t i)
{
	return (uintptr_t)qsort + STEP * i;
}

static struct rule
find(size_t i)
{
	struct rule rule = rules_find(address_of(i));

	intern_learned();
	return rule;
}

static bool
is_same(struct rule a, struct rule b)
{
	return a.kind == b.kind && a.flags == b.flags && a.cfa_words == b.cfa_words &&
	       a.rbp_words == b.rbp_words && a.site == b.site;
}

static void
expect_first(size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(is_same(find(i), rules[i]));
}

static void
keeps_every_rule_as_the_table_grows(void **unused)
{
	size_t known = 0;

	for (size_t i = 0; i < RULES; i++) {
		rules[i] = find(i);
		known += rules[i].kind != RULE_UNKNOWN;
		if ((i & (i + 1)) == 0) /* 1, 2, 4, ...: before and after each growth */
			expect_first(i);
	}
	assert_true(known > RULES / 2);
	expect_first(RULES);
}

static void
finds_the_same_after_code_has_moved(void **unused)
{
	uint32_t before = rules_generation();

	rules_forget();
	assert_int_not_equal(rules_generation(), before);
	expect_first(SAMPLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_every_rule_as_the_table_grows),
		cmocka_unit_test(finds_the_same_after_code_has_moved),
	};

	return cmocka_run_group_tests(tests, counting_setup, guest_teardown);
}
