/*
 * Protects: which stacks give a block a role, above all which do not: a user's function that the
 * map calls back, or an unknown frame of another module, is never taken for the map.
 */
#include "profiles/decide.h"
#include "tests/unit/test_profiles_sample.h"

#define TAIL "anchor buckets at header points base\ncount 1\n" \
	"part buckets in buckets bytes 8\nneeded 0\n"

enum { MAIN, MAP, CXX }; /* modules */

static struct profile profile;
static struct profile_decision decision;

static int
setup(void **state)
{
	static const char text[] =
		"profile x\nwake module \"libmap.so*\"\nwake symbol \"map_*\"\n"
		"wake import \"map_begin\" \"map_end*\"\nwake import \"only_this\"\n"
		"wrapper \"xmalloc\" \"xre*\"\n"
		"role buckets frames \"map_array_new\" \"map_resize\" split 16/17 overflow\n"
		"role header frames \"map_new\" size size == 96\n"
		"role buckets frames \"map_new\" size size >= 32 && size <= 64 reserved\n"
		"role overflow frames \"map_insert\" transient\n" TAIL;
	sample_compile(&profile, text, sizeof text - 1);
	return 0;
}

static bool
decide(const struct profile_frame *frames, size_t count, uint64_t size)
{
	return profile_decide(&profile, frames, count, size, &decision);
}

#define DECIDE(size, ...) decide((const struct profile_frame[]){__VA_ARGS__}, \
	sizeof (const struct profile_frame[]){__VA_ARGS__} / sizeof (struct profile_frame), size)

static void
test_frames_match_in_order_and_without_gaps(void **state)
{
	assert_true(DECIDE(8, {"map_array_new", MAP}, {"map_resize", MAP}, {"main", MAIN}));
	assert_int_equal(decision.role, PROFILE_BUCKETS);
	assert_int_equal(decision.split_role, PROFILE_OVERFLOW);
	assert_int_equal(decision.split_share, 16);
	assert_int_equal(decision.split_whole, 17);
	assert_false(decision.depends_on_size);
	assert_false(DECIDE(8, {"map_array_new", MAP}, {"other", MAP}, {"map_resize", MAP}));
	assert_false(DECIDE(8, {"map_resize", MAP}, {"map_array_new", MAP}));
	assert_false(DECIDE(8, {"map_array_new", MAP}));
	assert_false(DECIDE(8, {"main", MAIN}));
	assert_false(decide(NULL, 0, 8));
}

static void
test_depth_is_how_far_it_looked(void **state)
{
	assert_false(DECIDE(8, {"main", MAIN}, {"map_insert", MAP}));
	assert_int_equal(decision.depth, 1);
	assert_true(DECIDE(8, {"xmalloc", CXX}, {"map_insert", MAP}, {"main", MAIN}));
	assert_int_equal(decision.depth, 2);
	assert_false(DECIDE(8, {"map_array_new", MAP}, {"other", MAP}, {"main", MAIN}));
	assert_int_equal(decision.depth, 2);
	assert_false(DECIDE(8, {NULL, MAP}, {NULL, MAIN}, {"map_insert", MAP}));
	assert_int_equal(decision.depth, 2);
	/* One more could be what is missing. */
	assert_false(DECIDE(8, {"map_array_new", MAP}));
	assert_int_equal(decision.depth, 2);
	assert_false(DECIDE(8, {"xmalloc", CXX}, {NULL, MAP}));
	assert_int_equal(decision.depth, 3);
	assert_false(decide(NULL, 0, 8));
	assert_int_equal(decision.depth, 1);
}

static void
test_wrappers_of_any_module_are_passed_over(void **state)
{
	assert_true(DECIDE(8, {"xmalloc", CXX}, {"xrealloc", MAIN}, {"map_insert", MAP}));
	assert_int_equal(decision.role, PROFILE_OVERFLOW);
	assert_true(decision.is_transient);
	assert_false(DECIDE(8, {"xmalloc", CXX}));
}

static void
test_anonymous_frames_of_the_maps_module_are_passed_over(void **state)
{
	assert_true(DECIDE(8, {NULL, MAP}, {NULL, MAP}, {"map_insert", MAP}));
	assert_true(DECIDE(8, {NULL, MAP}, {"xmalloc", CXX}, {NULL, MAP}, {"map_insert", MAP}));
}

static void
test_anonymous_frames_of_another_module_are_not(void **state)
{
	assert_false(DECIDE(8, {NULL, MAIN}, {"map_insert", MAP}));
	assert_false(DECIDE(8, {NULL, MAP}, {NULL, MAIN}, {"map_insert", MAP}));
	assert_false(DECIDE(8, {NULL, MAIN}, {NULL, MAP}, {"map_insert", MAP}));
}

static void
test_a_callback_is_not_the_map(void **state)
{
	assert_false(DECIDE(8, {"my_hash", MAIN}, {"map_insert", MAP}));
	assert_false(DECIDE(8, {NULL, MAP}, {"my_hash", MAIN}, {"map_insert", MAP}));
}

static void
test_a_role_may_hang_on_the_size(void **state)
{
	assert_true(DECIDE(96, {"map_new", MAP}));
	assert_int_equal(decision.role, PROFILE_HEADER);
	assert_true(decision.depends_on_size);
	assert_true(DECIDE(32, {"map_new", MAP}));
	assert_int_equal(decision.role, PROFILE_BUCKETS);
	assert_true(decision.is_reserved && decision.depends_on_size);
	assert_false(DECIDE(31, {"map_new", MAP}));
	assert_true(decision.depends_on_size);
	assert_false(DECIDE(UINT64_MAX, {"map_new", MAP}));
	assert_true(DECIDE(8, {"map_insert", MAP}));
	assert_false(decision.depends_on_size);
}

static void
test_compiler_suffixes_are_no_part_of_a_name(void **state)
{
	assert_true(DECIDE(8, {"map_insert.isra.0", MAP}));
	assert_true(DECIDE(8, {"xmalloc.constprop.0.cold", MAP}, {"map_insert.llvm.123", MAP}));
	assert_false(DECIDE(8, {".map_insert", MAP}));
	assert_false(DECIDE(8, {"", MAP}));
	assert_false(DECIDE(8, {"map_insert..core", MAP})); /* "::" of Rust */
	assert_true(DECIDE(8, {"xre..core.llvm.1", MAP}, {"map_insert", MAP}));
}

static void
test_modules_wake_by_their_last_component(void **state)
{
	assert_true(profile_wakes_for_module(&profile, "/usr/lib/libmap.so.2"));
	assert_true(profile_wakes_for_module(&profile, "libmap.so"));
	assert_false(profile_wakes_for_module(&profile, "/libmap.so/other"));
	assert_true(profile_wakes_for_symbol(&profile, "map_new"));
	assert_false(profile_wakes_for_symbol(&profile, "my_map_new"));
}

static const char *
name_of(const void *names, size_t i)
{
	return ((const char *const *)names)[i];
}

static void
test_imports_wake_where_one_module_has_all_of_a_line(void **state)
{
	static const char *const both[] = {"malloc", "map_begin", "free", "map_end_v2"};
	static const char *const other[] = {"only_this"};
	assert_true(profile_wakes_for_imports(&profile, name_of, both, 4));
	assert_false(profile_wakes_for_imports(&profile, name_of, both, 3));
	assert_true(profile_wakes_for_imports(&profile, name_of, other, 1));
	assert_false(profile_wakes_for_imports(&profile, name_of, both, 0));
}

static bool
matches(const char *glob, const char *name)
{
	profile.text = glob;
	return profile_matches(&profile, (struct profile_pattern){0, (uint32_t)strlen(glob)}, name,
	                       strlen(name));
}

static void
test_globs(void **state)
{
	assert_true(matches("abc", "abc"));
	assert_false(matches("abc", "abcd"));
	assert_false(matches("abcd", "abc"));
	assert_true(matches("*", ""));
	assert_true(matches("**", "x"));
	assert_true(matches("a*c", "ac"));
	assert_true(matches("a*c", "abcbc"));
	assert_false(matches("a*c", "abcb"));
	assert_true(matches("*b*d*", "abcde"));
	assert_true(matches("a?c", "abc"));
	assert_false(matches("a?c", "ac"));
	assert_true(matches("a\\*c", "a*c"));
	assert_false(matches("a\\*c", "abc"));
	assert_true(matches("*\\?", "what?"));
	assert_false(matches("", "a"));
	assert_true(matches("", ""));
	/* would take hours where each star tries all that follow it */
	assert_false(
	    matches("*a*a*a*a*a*a*a*a*a*a*a*a*b",
	            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* Stacks of real programs, GCC 12; the parts of their names that matter. */
#define HASHTABLE                                                                                  \
	"_ZNSt10_HashtableIiSt4pairIKiiESaIS2_ENSt8__detail10_Select1stESt8equal_toIiE"            \
	"St4hashIiENS4_18_Mod_range_hashingENS4_20_Default_ranged_hashENS4_20_Prime_rehash_"       \
	"policyE"                                                                                  \
	"NS4_17_Hashtable_traitsILb0ELb0ELb1EEEE"
#define ALLOC "_ZNSt8__detail16_Hashtable_allocISaINS_10_Hash_nodeISt4pairIKiiELb0EEEEE"
#define NEW                                                                                        \
	{"_Znwm", CXX},                                                                            \
	    {"_ZNSt15__new_allocatorIPNSt8__detail15_Hash_node_baseEE8allocateEmPKv", MAIN},       \
	{                                                                                          \
		"_ZNSt16allocator_traitsISaIPNSt8__detail15_Hash_node_baseEEE8allocateERS3_m",     \
		    MAIN                                                                           \
	}

static void
test_libstdcxx_unoptimised(void **state)
{
	sample_compile_shipped(&profile, "libstdcxx-unordered");
	assert_true(DECIDE(104, NEW, {ALLOC "19_M_allocate_bucketsEm", MAIN},
	                   {HASHTABLE "19_M_allocate_bucketsEm", MAIN},
	                   {HASHTABLE "13_M_rehash_auxEmSt17integral_constantIbLb1EE", MAIN},
	                   {HASHTABLE "9_M_rehashEmRKm", MAIN},
	                   {HASHTABLE "21_M_insert_unique_nodeEmmP", MAIN}));
	assert_int_equal(decision.role, PROFILE_BUCKETS);
	assert_false(decision.is_reserved);
	assert_true(DECIDE(104, NEW, {ALLOC "19_M_allocate_bucketsEm", MAIN},
		{HASHTABLE "19_M_allocate_bucketsEm", MAIN},
		{HASHTABLE "13_M_rehash_auxEmSt17integral_constantIbLb1EE", MAIN},
		{HASHTABLE "9_M_rehashEmRKm", MAIN}, {HASHTABLE "6rehashEm", MAIN}));
	assert_true(decision.is_reserved);
	assert_true(DECIDE(16, NEW, {ALLOC "16_M_allocate_nodeIJRiS9_EEEPS5_DpOT_", MAIN}));
	assert_int_equal(decision.role, PROFILE_OVERFLOW);
}

static void
test_libstdcxx_optimised(void **state)
{
	sample_compile_shipped(&profile, "libstdcxx-unordered");
	assert_true(DECIDE(104, {"_Znwm", CXX}, {HASHTABLE "9_M_rehashEmRKm", MAIN},
		{HASHTABLE "21_M_insert_unique_nodeEmmPNS4_10_Hash_nodeIS2_Lb0EEEm", MAIN}));
	assert_int_equal(decision.role, PROFILE_BUCKETS);
	assert_false(decision.is_reserved);
	assert_true(DECIDE(104, {"_Znwm", CXX}, {HASHTABLE "9_M_rehashEmRKm", MAIN},
		{HASHTABLE "6rehashEm", MAIN}));
	assert_true(decision.is_reserved);
	assert_true(DECIDE(8, {"_Znwm", CXX}, {HASHTABLE "C2EmRKS9_RKS7_RKS3_", MAIN}));
	assert_int_equal(decision.role, PROFILE_BUCKETS);
	assert_true(decision.is_reserved);
	assert_true(DECIDE(16, {"_Znwm", CXX}, {HASHTABLE "9_M_assignIRKSF_NS4_17_ReuseOrAllocNode",
		MAIN}));
	assert_int_equal(decision.role, PROFILE_OVERFLOW);
	/* a constructor from a range makes an array and nodes */
	assert_false(
	    DECIDE(16, {"_Znwm", CXX}, {HASHTABLE "C2IPKS2_EET_SJ_mRKS9_RKS7_RKS3_", MAIN}));
	assert_false(DECIDE(16, {"_Znwm", CXX}, {"main", MAIN}));
}

static void
test_the_text_of_a_string_is_no_node(void **state)
{
	sample_compile_shipped(&profile, "libstdcxx-unordered");
	assert_false(DECIDE(31, {"_Znwm", CXX},
		{"_ZNSt15__new_allocatorIcE8allocateEmPKv", MAIN},
		{"_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm", CXX},
		{ALLOC "16_M_allocate_nodeIJRiS9_EEEPS5_DpOT_", MAIN}));
}

static void
test_glib_through_its_stripped_functions(void **state)
{
	sample_compile_shipped(&profile, "ghashtable");
	assert_true(DECIDE(128, {"g_realloc", MAP}, {NULL, MAP}, {NULL, MAP},
		{"g_hash_table_insert", MAP}, {"main", MAIN}));
	assert_int_equal(decision.role, PROFILE_BUCKETS);
	assert_false(DECIDE(128, {"g_malloc", MAP}, {"g_strdup", MAP}, {"my_copy", MAIN},
		{"g_hash_table_insert", MAP}));
	assert_true(DECIDE(96, {"g_slice_alloc", MAP}, {"g_hash_table_new_full", MAP}));
	assert_int_equal(decision.role, PROFILE_HEADER);
	assert_false(DECIDE(1008, {"g_slice_alloc", MAP}, {"g_hash_table_new_full", MAP}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_frames_match_in_order_and_without_gaps, setup),
	    cmocka_unit_test_setup(test_depth_is_how_far_it_looked, setup),

	    cmocka_unit_test_setup(test_wrappers_of_any_module_are_passed_over, setup),
	    cmocka_unit_test_setup(test_anonymous_frames_of_the_maps_module_are_passed_over, setup),
	    cmocka_unit_test_setup(test_anonymous_frames_of_another_module_are_not, setup),
	    cmocka_unit_test_setup(test_a_callback_is_not_the_map, setup),
	    cmocka_unit_test_setup(test_a_role_may_hang_on_the_size, setup),
	    cmocka_unit_test_setup(test_compiler_suffixes_are_no_part_of_a_name, setup),
	    cmocka_unit_test_setup(test_modules_wake_by_their_last_component, setup),
	    cmocka_unit_test_setup(test_imports_wake_where_one_module_has_all_of_a_line, setup),
	    cmocka_unit_test_setup(test_globs, setup),
	    cmocka_unit_test(test_libstdcxx_unoptimised),
	    cmocka_unit_test(test_libstdcxx_optimised),
	    cmocka_unit_test(test_the_text_of_a_string_is_no_node),
	    cmocka_unit_test(test_glib_through_its_stripped_functions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
