/* What names a map: its type as a person wrote it, and the frame that made it. */
#include "analyzer/names.h"
#include "analyzer/type_name.h"
#include "tests/unit/test_analyzer_sample.h"

#define HASHTABLE(key, value, unique)                                                              \
	"std::_Hashtable<" key ", " value ", std::allocator<" value " >, "                         \
	"std::__detail::_Select1st, std::equal_to<" key " >, std::hash<" key " >, "                \
	"std::__detail::_Mod_range_hashing, std::__detail::_Default_ranged_hash, "                 \
	"std::__detail::_Prime_rehash_policy, "                                                    \
	"std::__detail::_Hashtable_traits<false, false, " unique "> >"
#define STRING "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"

static void
written(const char *type, const char *expected)
{
	char *text = type_name_as_written(type);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void
libstdcxx_types_are_named_as_written(void **state)
{
	written(HASHTABLE("int", "std::pair<int const, long>", "true"),
		"std::unordered_map<int, long>");
	written(HASHTABLE("int", "std::pair<int const, long>", "false"),
		"std::unordered_multimap<int, long>");
	written(HASHTABLE("int", "int", "true"), "std::unordered_set<int>");
	written(HASHTABLE("int", "int", "false"), "std::unordered_multiset<int>");
	written(HASHTABLE(STRING, "std::pair<" STRING " const, A<B, C> >", "true"),
		"std::unordered_map<std::string, A<B, C>>");
	written(HASHTABLE("void (*)(int, int)", "std::pair<void (*)(int, int) const, int>", "true"),
		"std::unordered_map<void (*)(int, int), int>");
}

static void
types_that_are_not_understood_stay(void **state)
{
	static const char *const types[] = {
	    "",
	    "std::_Hashtable",
	    "std::_Hashtable<",
	    "std::_Hashtable<int, int>",
	    "std::_Hashtable<>>>",
	    "std::_Hashtable<a,b,c,d,e,f,g,h,i,j,k,l>",
	    "absl::map<int, int>",
	    ">,,<",
	    HASHTABLE("int", "std::pair<long const, long>", "true") "::iterator",
	    HASHTABLE("int", "std::pair<long const, long>", "true"),
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		written(types[i], types[i]);
	written("table<" STRING " >", "table<std::string >");
}

/* A frame as symbols.c gives it: `symbol` NULL where the program is stripped. */
static struct symbols_frame
frame(const char *symbol, const char *file, const char *module, uint32_t index)
{
	return (struct symbols_frame){.function = symbol,
				      .symbol = symbol,
				      .file = file,
				      .module = module,
				      .module_index = index};
}

/* The maker of `frames` is number `expected`; the profile's rule names sample_array_new. */
static void
maker_is(const struct symbols_frame *frames, size_t count, size_t expected)
{
	static struct profile profile;
	struct profile_error error;
	const struct symbols_frame *maker;

	assert_int_equal(profile_compile(&profile, SAMPLE_TEXT, strlen(SAMPLE_TEXT), &error, 1), 0);
	maker = names_maker(&profile, frames, count);
	assert_non_null(maker);
	assert_int_equal(maker - frames, expected);
}

static void
maker_is_the_first_frame_of_the_user(void **state)
{
	const struct symbols_frame frames[] = {
	    frame("sample_array_new", "sample.c", "/opt/app", 0),
	    frame("sample_grow", "sample.c", "/opt/app", 0),
	    frame("add_users", "users.c", "/opt/app", 0),
	    frame("main", "main.c", "/opt/app", 0),
	};

	maker_is(frames, 4, 2);
}

static void
family_of_names_is_the_maps_own_without_lines(void **state)
{
	const struct symbols_frame frames[] = {
	    frame("sample_array_new", NULL, "/opt/app", 0),
	    frame(NULL, NULL, "/opt/app", 0),
	    frame("sample_insert", NULL, "/opt/app", 0),
	    frame("add_users", NULL, "/opt/app", 0),
	};

	maker_is(frames, 4, 3);
}

static void
libraries_between_are_passed_over(void **state)
{
	const struct symbols_frame frames[] = {
	    frame("sample_array_new", NULL, "/usr/lib/libsample.so.1", 1),
	    frame("g_slist_foreach", NULL, "/usr/lib/libglib-2.0.so.0", 2),
	    frame("_ZNSt8__detailcall", NULL, "/opt/app", 0),
	    frame("load_config", NULL, "/opt/app", 0),
	};

	maker_is(frames, 4, 3);
}

static void
program_in_one_file_is_its_own_maker(void **state)
{
	const struct symbols_frame frames[] = {
	    frame("sample_array_new", "all.c", "/opt/app", 0),
	    frame("main", "all.c", "/opt/app", 0),
	};

	maker_is(frames, 2, 1);
}

static void
stripped_program_is_named_by_its_module(void **state)
{
	const struct symbols_frame frames[] = {
	    frame("_Znwm", NULL, "/usr/lib/libstdc++.so.6", 1),
	    frame(NULL, NULL, "/opt/app", 0),
	    frame(NULL, NULL, "/opt/app", 0),
	};

	maker_is(frames, 3, 1);
	assert_null(names_maker(NULL, frames, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(libstdcxx_types_are_named_as_written),
	    cmocka_unit_test(types_that_are_not_understood_stay),
	    cmocka_unit_test(maker_is_the_first_frame_of_the_user),
	    cmocka_unit_test(family_of_names_is_the_maps_own_without_lines),
	    cmocka_unit_test(libraries_between_are_passed_over),
	    cmocka_unit_test(program_in_one_file_is_its_own_maker),
	    cmocka_unit_test(stripped_program_is_named_by_its_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
