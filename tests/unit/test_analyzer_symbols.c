/* Names for addresses of this very program, which has debug information; shortened names. */
#include "analyzer/symbols.h"
#include "tests/unit/test_analyzer_sample.h"

#include <link.h>
#include <unistd.h>

int symbols_test_global[100]; /* looked up by address */

/* Inlined into its caller: the return address lies in both. */
static inline __attribute__((always_inline)) uint64_t
inlined_here(void)
{
	uint64_t pc;

	__asm__ volatile("lea (%%rip), %0" : "=r"(pc));
	return pc;
}

static __attribute__((noinline)) uint64_t
symbols_test_function(void)
{
	return inlined_here();
}

/* A trace whose module 0 is this program and whose stack 1 is at `pc`. */
static struct trace *
trace_of_this_program(uint64_t pc)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, 0);
	ssize_t length =
	    readlink("/proc/self/exe", trace->modules[0].path, sizeof trace->modules[0].path - 1);

	assert_true(length > 0);
	trace->modules[0].path[length] = '\0';
	trace->modules[0].bias = _r_debug.r_map->l_addr;
	trace->nodes[trace->stacks[stack].node].pc = pc;
	trace->nodes[trace->stacks[stack].node].module = 0;
	return trace;
}

static void
inlined_frames_have_names_and_lines(void **state)
{
	struct trace *trace = trace_of_this_program(symbols_test_function());
	struct symbols *symbols = symbols_open(trace, true);
	const struct symbols_frame *frames;
	size_t count;

	frames = symbols_stack(symbols, 1, &count);
	assert_int_equal(count, 2);
	assert_string_equal(frames[0].function, "inlined_here");
	assert_true(frames[0].is_inlined);
	assert_string_equal(frames[1].function, "symbols_test_function");
	assert_false(frames[1].is_inlined);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(strstr(frames[i].file, "test_analyzer_symbols.c"));
		assert_in_range(frames[i].line, 15, 40);
		assert_string_equal(frames[i].module, trace->modules[0].path);
	}
	assert_true(frames[0].line < frames[1].line);
	assert_ptr_equal(symbols_stack(symbols, 1, &count), frames);
	symbols_close(symbols);
	trace_close(trace);
}

static void
global_is_named_by_any_address_in_it(void **state)
{
	struct trace *trace = trace_of_this_program(0);
	struct symbols *symbols = symbols_open(trace, true);

	assert_string_equal(symbols_variable(symbols, 0, (uintptr_t)&symbols_test_global[99]),
			    "symbols_test_global");
	assert_null(symbols_variable(symbols, 0, (uintptr_t)symbols_test_function));
	assert_null(symbols_variable(symbols, 7, 0));
	symbols_close(symbols);
	trace_close(trace);
}

static void
changed_module_is_named_and_not_symbolised(void **state)
{
	struct trace *trace = trace_of_this_program(symbols_test_function());
	struct symbols *symbols = symbols_open(trace, true);
	const struct symbols_frame *frames;
	const char *const *problems;
	size_t count;

	trace->modules[0].build_id_size = 20; /* all zero: no build has this */
	frames = symbols_stack(symbols, 1, &count);
	assert_int_equal(count, 1);
	assert_null(frames[0].function);
	assert_string_equal(frames[0].module, trace->modules[0].path);
	assert_int_equal(symbols_problems(symbols, &problems), 1);
	assert_non_null(strstr(problems[0], "build id"));
	symbols_close(symbols);
	trace_close(trace);
}

static void
missing_module_and_wild_addresses_have_no_names(void **state)
{
	static const uint64_t pcs[] = {0, 1, 0x1234, UINT64_MAX};

	for (size_t i = 0; i < sizeof pcs / sizeof *pcs; i++) {
		struct trace *trace = trace_of_this_program(pcs[i]);
		struct symbols *symbols = symbols_open(trace, true);
		const struct symbols_frame *frames;
		size_t count;

		if (i % 2)
			strcpy(trace->modules[0].path, "/nowhere/at/all");
		frames = symbols_stack(symbols, 1, &count);
		assert_int_equal(count, 1);
		assert_null(frames[0].function);
		assert_null(symbols_stack(symbols, 99, &count));
		assert_int_equal(count, 0);
		symbols_close(symbols);
		trace_close(trace);
	}
}

static void
network_is_never_asked(void **state)
{
	struct trace *trace = sample_trace();

	setenv("DEBUGINFOD_URLS", "https://example.invalid", 1);
	symbols_close(symbols_open(trace, true));
	assert_null(getenv("DEBUGINFOD_URLS"));
	trace_close(trace);
}

static void
shortens(const char *name, size_t width, const char *expected)
{
	char text[512];

	symbols_shorten(text, sizeof text, name, width);
	assert_string_equal(text, expected);
}

static void
inner_arguments_go_first_and_the_last_ones_next(void **state)
{
	static const char name[] = "std::_Hashtable<int, std::pair<int const, int>, "
				   "std::allocator<std::pair<int const, int> >, std::hash<int> >"
				   "::_M_rehash(unsigned long, std::true_type)";

	shortens(name, 200, name);
	shortens(name, 120,
		 "std::_Hashtable<int, std::pair<...>, std::allocator<...>, std::hash<int> >"
		 "::_M_rehash(unsigned long, std::true_type)");
	shortens(name, 80, "std::_Hashtable<int, ...>::_M_rehash(unsigned long, std::true_type)");
	shortens(name, 40, "std::_Hashtable<...>::_M_rehash(...)");
	shortens(name, 20, "std::_Ha...hash(...)");
}

static void
operators_and_unbalanced_names_stay_whole(void **state)
{
	shortens("foo::operator->()", 17, "foo::operator->()");
	shortens("bool operator<(int const&, int const&)", 31, "bool operator<(int const&, ...)");
	shortens("foo::operator()(int, int, int)", 22, "foo::operator()(...)");
	shortens("a<b<c(d", 8, "a<b<c(d");
	shortens("<RawTable<T,A> as core::ops::drop::Drop>::drop", 46,
		 "<RawTable<T,A> as core::ops::drop::Drop>::drop");
	shortens("evil\033[2J", 40, "evil\\x1b[2J");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(inlined_frames_have_names_and_lines),
	    cmocka_unit_test(global_is_named_by_any_address_in_it),
	    cmocka_unit_test(changed_module_is_named_and_not_symbolised),
	    cmocka_unit_test(missing_module_and_wild_addresses_have_no_names),
	    cmocka_unit_test(network_is_never_asked),
	    cmocka_unit_test(inner_arguments_go_first_and_the_last_ones_next),
	    cmocka_unit_test(operators_and_unbalanced_names_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
