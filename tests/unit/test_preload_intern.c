/* One list of frames has one id, for ever; another list, another depth or a cut one has its own. */
#include "preload/stacks/intern.h"
#include "preload/stacks/module.h"
#include "preload/stacks/stacks.h"
#include "test_preload_counting.h"

#include <pthread.h>
#include <signal.h>

#define FUNCTION(name) \
	__attribute__((noinline)) int name(int x); \
	int name(int x) { __asm__ volatile("nop\nnop" : "+r"(x)); return x; }

FUNCTION(intern_map_grow)
FUNCTION(intern_caller)

enum { LISTS = 3000, THREADS = 4 };

static const char rules[] =
	"profile internmap\ntitle \"t\"\nwake symbol \"intern_map_*\"\n"
	"role buckets frames \"intern_map_grow\" size size >= 4096 split 16/17 overflow\n"
	"role buckets frames \"intern_map_grow\"\n";

static int
begin(void **unused)
{
	counting_begin();
	guest_add_profile(rules);
	return 0;
}

static struct leaf
make_leaf(const struct leaf *outer, uint64_t pc, uint16_t module)
{
	struct leaf leaf;
	uint32_t site;

	intern_learn();
	site = intern_site(pc, module);
	leaf = intern_make(outer, intern_path(outer->path, site), site);
	intern_learned();
	assert_int_not_equal(leaf.node, 0);
	assert_int_equal(intern_find(outer, leaf.path, site).node, leaf.node);
	return leaf;
}

static struct leaf
leaf_of(const uint64_t *pcs, size_t count)
{
	struct leaf leaf = { 0, 0, 0 };

	while (count-- > 0) {
		uint32_t found = module_of(pcs[count]);

		leaf = make_leaf(&leaf, pcs[count], found == TRACE_NONE ? TRACE_SITE_NO_MODULE :
		                                                          (uint16_t)found);
	}
	return leaf;
}

static uint32_t
id_of(const uint64_t *pcs, size_t count, bool cut, uint64_t size)
{
	struct leaf leaf = leaf_of(pcs, count);
	bool by_size;

	return stacks_identify(&leaf, cut, size, &by_size);
}

static const struct trace_decision *
decision_of(uint32_t id)
{
	return tracer_decision(tracer_stack(id)->decision);
}

/* A stack of `depth` frames that no other number has. */
static size_t
make_list(uint64_t *pcs, uint64_t number)
{
	size_t depth = 1 + number % 60;

	for (size_t i = 0; i < depth; i++)
		pcs[i] = 0x1000 + (i == depth / 2 ? number << 20 : i);
	return depth;
}

static uint32_t
intern_number(uint64_t number)
{
	uint64_t pcs[64];
	size_t depth = make_list(pcs, number);

	return id_of(pcs, depth, false, 100);
}

static void
gives_one_id_to_one_stack(void **unused)
{
	static uint32_t ids[LISTS];

	for (uint64_t i = 0; i < LISTS; i++)
		ids[i] = intern_number(i);
	for (uint64_t i = 0; i < LISTS; i++) {
		assert_int_not_equal(ids[i], 0);
		assert_int_equal(intern_number(i), ids[i]);
	}
	assert_int_equal(tracer.writer.header->stacks, 1 + LISTS); /* so all differ */
}

static void
writes_the_frames_from_the_innermost_to_the_root(void **unused)
{
	const uint64_t pcs[] = { 0x111, 0x222, 0x333 };
	uint32_t id = id_of(pcs, 3, false, 8), node = tracer_stack(id)->node;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(tracer_site(tracer_node(node)->site)->pc, pcs[i]);
		node = tracer_node(node)->parent;
	}
	assert_int_equal(node, 0);
	assert_int_equal(decision_of(id)->role, TRACE_OTHER);
}

static void
shares_the_nodes_of_common_callers(void **unused)
{
	const uint64_t one[] = { 0xa1, 0xb, 0xc, 0xd }, other[] = { 0xa2, 0xb, 0xc, 0xd };
	uint32_t before;

	id_of(one, 4, false, 8);
	before = tracer.nodes.count;
	id_of(other, 4, false, 8);
	assert_int_equal(tracer.nodes.count, before + 1);
}

static void
tells_cut_shorter_and_longer_stacks_apart(void **unused)
{
	const uint64_t pcs[] = { 0x51, 0x52, 0x53 };
	uint32_t whole = id_of(pcs, 3, false, 8), cut = id_of(pcs, 3, true, 8);

	assert_int_not_equal(whole, cut);
	assert_true(decision_of(cut)->flags & TRACE_STACK_CUT);
	assert_int_not_equal(id_of(pcs, 2, false, 8), whole);
	assert_int_equal(id_of(pcs, 3, false, 8), whole);
	assert_int_equal(id_of(pcs, 3, true, 16), cut);
}

static void
gives_a_variant_to_each_role_that_the_size_decides(void **unused)
{
	const uint64_t pcs[] = { (uintptr_t)intern_map_grow + 1, (uintptr_t)intern_caller + 1 };
	uint32_t small = id_of(pcs, 2, false, 64);
	uint32_t large = id_of(pcs, 2, false, 8192);
	struct leaf inner = leaf_of(pcs, 2), outer = leaf_of(pcs + 1, 1);
	bool by_size;

	assert_int_not_equal(small, large);
	assert_int_equal(decision_of(large)->split_whole, 17);
	assert_int_equal(id_of(pcs, 2, false, 128), small);
	assert_int_equal(id_of(pcs, 2, false, 65536), large);
	assert_int_equal(id_of(pcs, 2, false, 64), small);
	assert_int_equal(id_of(pcs, 2, false, 8192), large);
	stacks_identify(&inner, false, 8192, &by_size);
	assert_true(by_size);
	stacks_identify(&outer, false, 8192, &by_size);
	assert_false(by_size);
	assert_int_not_equal(id_of(pcs, 2, true, 64), small);
	assert_int_not_equal(id_of(pcs, 2, true, 64), id_of(pcs, 2, true, 8192));
}

static uint32_t
outermost(uint64_t pc, uint16_t module)
{
	const struct leaf root = { 0, 0, 0 };

	return make_leaf(&root, pc, module).node;
}

static uint16_t
module_in(uint32_t node)
{
	return tracer_site(tracer_node(node)->site)->module;
}

static void
tells_modules_at_one_address_apart(void **unused)
{
	uint32_t first = outermost(0x7001, 3), other = outermost(0x7001, 4);

	assert_int_not_equal(first, other);
	assert_int_equal(module_in(first), 3);
	assert_int_equal(module_in(other), 4);
	assert_int_equal(outermost(0x7001, 3), first);
	assert_int_equal(module_in(outermost(0x7001, TRACE_SITE_NO_MODULE)), TRACE_SITE_NO_MODULE);
}

static void *
intern_all(void *into)
{
	uint32_t *ids = into;

	for (uint64_t i = 0; i < LISTS; i++)
		ids[i] = intern_number(LISTS + i);
	return NULL;
}

static void
gives_all_threads_the_same_ids(void **unused)
{
	static uint32_t ids[THREADS][LISTS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, intern_all, ids[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < THREADS; i++)
		assert_memory_equal(ids[0], ids[i], sizeof(ids[0]));
}

static volatile sig_atomic_t was_handled;

static void
on_signal(int number)
{
	was_handled = 1;
}

/* A handler that leaves by longjmp would leave the lock taken for good. */
static void
lets_no_handler_in_while_it_learns(void **unused)
{
	const struct sigaction action = { .sa_handler = on_signal };

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	intern_learn();
	intern_learn();
	raise(SIGUSR1);
	assert_int_equal(was_handled, 0);
	intern_learned();
	assert_int_equal(was_handled, 1);
	intern_learned();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_one_id_to_one_stack),
		cmocka_unit_test(writes_the_frames_from_the_innermost_to_the_root),
		cmocka_unit_test(shares_the_nodes_of_common_callers),
		cmocka_unit_test(tells_cut_shorter_and_longer_stacks_apart),
		cmocka_unit_test(gives_a_variant_to_each_role_that_the_size_decides),
		cmocka_unit_test(tells_modules_at_one_address_apart),
		cmocka_unit_test(gives_all_threads_the_same_ids),
		cmocka_unit_test(lets_no_handler_in_while_it_learns),
	};

	return cmocka_run_group_tests(tests, begin, guest_teardown);
}
