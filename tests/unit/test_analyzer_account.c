/*
 * Bytes by stack beside bytes by structure: what maps claim and what is left add up to what was
 * live, whatever a damaged trace claims.
 */
#include "analyzer/account.h"
#include "tests/unit/test_analyzer_sample.h"

struct table {
	struct trace *trace;
	struct trace_snapshot_rows *rows;
	struct accounts accounts;
};

static void
begin(struct table *table)
{
	table->trace = sample_trace();
	table->rows = sample_snapshot(table->trace, "exit");
}

/* The accounts, after the sum that holds for each of them. */
static void
open_accounts(struct table *table, enum account_scope scope)
{
	assert_int_equal(accounts_open(&table->accounts, table->trace, table->rows, scope), 0);
	for (size_t i = 0; i < table->accounts.count; i++) {
		const struct account *account = &table->accounts.list[i];
		uint64_t sum = account->rest;
		for (int role = 0; role < TRACE_ROLES; role++)
			sum += account->claimed[role];
		assert_int_equal(sum, account->live);
		assert_true(i == 0 || account[-1].stack < account->stack);
	}
}

static void
end(struct table *table)
{
	accounts_close(&table->accounts);
	model_close(sample_model(table->trace)); /* frees the trace */
}

static void
what_no_map_claims_is_the_rest(void **state)
{
	struct table table;
	const struct account *account;
	begin(&table);
	uint32_t array = sample_stack(table.trace, TRACE_BUCKETS, 0);
	uint32_t value = sample_stack(table.trace, TRACE_OTHER, 0);
	sample_live(table.rows, value, 500, 5);
	sample_live(table.rows, array, 1000, 2);
	sample_claim(table.rows, array, TRACE_BUCKETS, 700, 1);
	sample_claim(table.rows, value, TRACE_VALUES, 200, 2);
	open_accounts(&table, ACCOUNT_ALL);
	account = accounts_find(&table.accounts, array);
	assert_int_equal(account->claimed[TRACE_BUCKETS], 700);
	assert_int_equal(account->claimed_blocks, 1);
	assert_int_equal(account->rest, 300);
	assert_int_equal(account->unreached, 300);
	account = accounts_find(&table.accounts, value);
	assert_int_equal(account->claimed[TRACE_VALUES], 200);
	assert_int_equal(account->rest, 300);
	assert_int_equal(account->unreached, 0); /* by its stack it is no structure */
	assert_int_equal(accounts_find(&table.accounts, 99)->live, 0);
	end(&table);
}

static void
claims_beyond_what_lived_are_cut(void **state)
{
	struct table table;
	const struct account *account;
	begin(&table);
	uint32_t array = sample_stack(table.trace, TRACE_BUCKETS, 0);
	sample_live(table.rows, array, 1000, 1);
	sample_claim(table.rows, array, TRACE_BUCKETS, 800, 1);
	sample_claim(table.rows, array, TRACE_OVERFLOW, 800, 1);
	sample_claim(table.rows, array, TRACE_VALUES, TRACE_UNKNOWN, 1);
	open_accounts(&table, ACCOUNT_ALL);
	account = accounts_find(&table.accounts, array);
	assert_int_equal(account->claimed[TRACE_BUCKETS], 800);
	assert_int_equal(account->claimed[TRACE_OVERFLOW], 200);
	assert_int_equal(account->claimed[TRACE_VALUES], 0);
	assert_int_equal(account->rest, 0);
	end(&table);
}

static void
a_stack_that_is_not_there_is_the_unknown_one(void **state)
{
	struct table table;
	begin(&table);
	sample_live(table.rows, 12345, 100, 1);
	sample_live(table.rows, 0, 11, 1);
	sample_claim(table.rows, 54321, TRACE_BUCKETS, 30, 1);
	open_accounts(&table, ACCOUNT_ALL);
	assert_int_equal(table.accounts.count, 1);
	assert_int_equal(accounts_find(&table.accounts, 0)->live, 111);
	assert_int_equal(accounts_find(&table.accounts, 0)->rest, 81);
	end(&table);
}

static void
stacks_that_nobody_asks_about_are_only_summed(void **state)
{
	struct table table;
	begin(&table);
	uint32_t array = sample_stack(table.trace, TRACE_BUCKETS, 0);
	uint32_t reached = sample_stack(table.trace, TRACE_OTHER, 0);
	uint32_t other = sample_stack(table.trace, TRACE_OTHER, 0);
	sample_live(table.rows, array, 10, 1);
	sample_live(table.rows, reached, 20, 1);
	sample_live(table.rows, other, 40, 3);
	sample_live(table.rows, 0, 80, 4);
	sample_claim(table.rows, reached, TRACE_VALUES, 5, 1);
	open_accounts(&table, ACCOUNT_OF_MAPS);
	assert_int_equal(table.accounts.count, 2);
	assert_int_equal(accounts_find(&table.accounts, array)->live, 10);
	assert_int_equal(accounts_find(&table.accounts, reached)->rest, 15);
	assert_int_equal(table.accounts.bare_bytes, 120);
	assert_int_equal(table.accounts.bare_blocks, 7);
	end(&table);
}

static void
a_stack_of_two_roles_is_split_by_its_rule(void **state)
{
	struct trace_origin stack = {.role = TRACE_BUCKETS, .split_role = TRACE_OTHER,
	                             .split_share = 16, .split_whole = 17};
	uint64_t first;
	assert_int_equal(account_split(&stack, 1700, &first), 100);
	assert_int_equal(first, 1600);
	assert_int_equal(account_structure(&stack, 1700), 1600);
	assert_int_equal(account_split(&stack, UINT64_MAX, &first), UINT64_MAX / 17);
	stack.split_role = TRACE_OVERFLOW;
	assert_int_equal(account_structure(&stack, 1700), 1700);
	stack.flags = TRACE_STACK_TRANSIENT;
	assert_int_equal(account_structure(&stack, 1700), 0);
	stack = (struct trace_origin){.role = TRACE_OVERFLOW, .split_role = TRACE_OTHER,
	                              .split_share = 3}; /* a damaged rule */
	assert_int_equal(account_split(&stack, 1700, &first), 0);
	assert_int_equal(account_structure(&stack, 1700), 1700);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_map_claims_is_the_rest),
		cmocka_unit_test(claims_beyond_what_lived_are_cut),
		cmocka_unit_test(a_stack_that_is_not_there_is_the_unknown_one),
		cmocka_unit_test(stacks_that_nobody_asks_about_are_only_summed),
		cmocka_unit_test(a_stack_of_two_roles_is_split_by_its_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
