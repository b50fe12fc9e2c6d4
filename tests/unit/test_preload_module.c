/*
 * The guest's modules and their symbols: found for real code of this very program, absent for code
 * that belongs to no file, told apart after dlclose; and no ELF file, however damaged, does harm.
 */
#include "preload/stacks/awake.h"
#include "preload/stacks/intern.h"
#include "preload/stacks/module.h"
#include "preload/stacks/symbols.h"
#include "test_preload_guest.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A symbol of this program that no other has. */
__attribute__((noinline)) int found_by_its_name(int x);
int
found_by_its_name(int x)
{
	__asm__ volatile("nop\nnop\nnop\nnop" : "+r"(x));
	return x;
}

static int
begin(void **unused)
{
	guest_begin();
	guest_add_profile("profile sleeper\ntitle \"t\"\nwake symbol \"no_such_symbol*\"\n");
	guest_add_profile("profile by_symbol\ntitle \"t\"\nwake symbol \"found_by_its_*\"\n");
	guest_add_profile("profile by_module\ntitle \"t\"\nwake module \"libc.so*\"\n");
	guest_add_profile("profile by_imports\ntitle \"t\"\n"
	                  "wake import \"dlsym\" \"_cmocka_run_group_*\"\n");
	guest_add_profile("profile not_by_them\ntitle \"t\"\n"
	                  "wake import \"dlsym\" \"no_such_import\"\n");
	guest_add_profile("profile by_nothing\ntitle \"t\"\nwake always\n");
	return 0;
}

static uint64_t
address_of(int (*function)(int))
{
	return (uintptr_t)function;
}

static void
names_a_function_of_the_executable(void **unused)
{
	uint64_t pc = address_of(found_by_its_name);
	uint32_t module = module_of(pc);
	char self[TRACE_PATH_MAX] = "";

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_string_equal(guest_module(module)->path, self);
	assert_true(guest_module(module)->build_id_size > 0);
	assert_string_equal(module_symbol(module, pc), "found_by_its_name");
	assert_string_equal(module_symbol(module, pc + 2), "found_by_its_name");
	assert_int_equal(module_of(pc + 1), module);
}

static void
names_a_function_of_a_library(void **unused)
{
	uint64_t pc = (uintptr_t)dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
	uint32_t module = module_of(pc);

	assert_non_null(strstr(guest_module(module)->path, "/libc.so"));
	assert_string_equal(module_symbol(module, pc), "gnu_get_libc_version");
}

static void
knows_no_module_for_code_without_a_file(void **unused)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t before = tracer.modules.count;

	assert_int_equal(module_of((uintptr_t)code + 16), TRACE_NONE);
	assert_int_equal(module_of(getauxval(AT_SYSINFO_EHDR) + 0x800), TRACE_NONE);
	assert_int_equal(module_of(getauxval(AT_SYSINFO_EHDR) + 0x800), TRACE_NONE);
	assert_int_equal(module_of(0), TRACE_NONE);
	assert_null(module_symbol(TRACE_NONE, 16));
	assert_int_equal(tracer.modules.count, before);
	munmap(code, 4096);
}

static void
wakes_profiles_by_module_symbol_and_imports(void **unused)
{
	module_scan();
	assert_false(awake_has(0));
	assert_true(awake_has(1));
	assert_true(awake_has(2));
	assert_true(awake_has(3));
	assert_false(awake_has(4));
	assert_true(awake_has(5));
}

static void
registers_each_module_once(void **unused)
{
	uint32_t count;

	module_scan();
	count = tracer.modules.count;
	module_scan();
	assert_int_equal(tracer.modules.count, count);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < i; j++)
			assert_int_not_equal(guest_module(i)->start, guest_module(j)->start);
}

static void
finds_the_module_of_a_global(void **unused)
{
	static int global = 1;
	int local;

	module_scan();
	assert_int_equal(module_of_data((uintptr_t)&global),
	                 module_of(address_of(found_by_its_name)));
	assert_int_equal(module_of_data((uintptr_t)&local), TRACE_NONE);
}

static void
forgets_a_closed_module(void **unused)
{
	void *handle = dlopen("libnss_files.so.2", RTLD_NOW);
	uint64_t data;
	uint32_t first;

	if (!handle)
		handle = dlopen("libresolv.so.2", RTLD_NOW);
	assert_non_null(handle);
	data = *(const uintptr_t *)handle + 64; /* l_addr comes first in struct link_map */
	module_scan();
	first = module_of_data(data);
	assert_int_not_equal(first, TRACE_NONE);
	assert_int_equal(dlclose(handle), 0);
	assert_true(module_close_gone());
	assert_false(module_close_gone());
	assert_int_equal(module_of_data(data), TRACE_NONE);
}

static void
cuts_what_compilers_append(void **unused)
{
	static const char *const pairs[][2] = {
		{ "f.isra.0", "f" }, { "f.part.0.constprop.3", "f" }, { "_ZN1fEv.cold", "_ZN1fEv" },
		{ "main.insert", "main.insert" }, { "main.f.llvm.12345", "main.f" },
		{ ".cold", ".cold" }, { "", "" }, { "f", "f" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char name[64];

		strcpy(name, pairs[i][0]);
		symbols_cut_suffix(name);
		assert_string_equal(name, pairs[i][1]);
	}
}

/* ---- damaged files */

static uint8_t *
load_self(size_t *size)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat status;
	uint8_t *bytes;

	assert_int_equal(fstat(fd, &status), 0);
	*size = (size_t)status.st_size;
	bytes = malloc(*size);
	assert_int_equal(pread(fd, bytes, *size, 0), (ssize_t)*size);
	close(fd);
	return bytes;
}

/* Reads the file in every way there is, and touches all that comes back. */
static size_t
use(int fd)
{
	struct symbols symbols;
	uint8_t id[SYMBOLS_BUILD_ID_MAX];
	size_t length = symbols_build_id(fd, 0, id);

	assert_true(length <= sizeof(id));
	if (symbols_read(&symbols, fd) < 0) {
		assert_null(symbols.list);
		return 0;
	}
	length = symbols.count;
	for (size_t i = 0; i < symbols.count; i += 1 + symbols.count / 64) {
		const char *name = symbols_find(&symbols, symbols.list[i].start);

		assert_true(i == 0 || symbols.list[i - 1].start <= symbols.list[i].start);
		if (name)
			assert_true(name + strlen(name) < symbols.names + symbols.names_bytes);
	}
	symbols_find(&symbols, 0);
	symbols_find(&symbols, UINT64_MAX);
	symbols_release(&symbols);
	return length;
}

static int
file_of(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static void
survives_truncated_files(void **unused)
{
	size_t size, whole;
	uint8_t *bytes = load_self(&size);
	int fd = file_of(bytes, size);

	whole = use(fd);
	assert_true(whole > 100);
	for (size_t cut = size; cut > 0; cut = cut > 4096 ? cut - cut / 40 : cut / 2) {
		assert_int_equal(ftruncate(fd, (off_t)cut), 0);
		assert_true(use(fd) <= whole);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(use(fd), 0);
	close(fd);
	free(bytes);
}

static uint32_t
random_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Damages a few bytes of [start, start + span), reads, and repairs. */
static void
damage_and_use(int fd, const uint8_t *bytes, size_t start, size_t span, uint32_t *seed)
{
	size_t at[3];

	for (int i = 0; i < 3; i++) {
		uint8_t byte = (uint8_t)random_number(seed);

		at[i] = start + random_number(seed) % span;
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at[i]), 1);
	}
	use(fd);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pwrite(fd, &bytes[at[i]], 1, (off_t)at[i]), 1);
}

/* A small file, so that many can be tried: its headers, section table and symbols are damaged. */
static void
survives_flipped_bytes(void **unused)
{
	uint8_t bytes[4096];
	struct stat status;
	uint64_t sections;
	uint32_t seed = 1;
	size_t size;
	uint8_t *self = load_self(&size);
	int fd = file_of(self, size);

	memcpy(bytes, self, sizeof(bytes));
	memcpy(&sections, bytes + 40, 8); /* e_shoff */
	assert_int_equal(fstat(fd, &status), 0);
	for (int turn = 0; turn < 150; turn++) {
		damage_and_use(fd, self, 0, 64, &seed);
		damage_and_use(fd, self, 64, 1024, &seed);
		damage_and_use(fd, self, sections, size - sections, &seed);
	}
	close(fd);
	free(self);
}

static void
reads_the_same_build_id_from_file_and_memory(void **unused)
{
	uint8_t from_file[SYMBOLS_BUILD_ID_MAX], from_memory[SYMBOLS_BUILD_ID_MAX];
	const struct trace_module *module =
		guest_module(module_of(address_of(found_by_its_name)));
	int fd = open("/proc/self/exe", O_RDONLY);
	size_t size = symbols_build_id(fd, 0, from_file);

	assert_int_equal(size, 20);
	assert_int_equal(symbols_build_id(-1, module->start, from_memory), size);
	assert_memory_equal(from_file, from_memory, size);
	assert_int_equal(symbols_build_id(-1, 0x1000, from_memory), 0); /* nothing is there */
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_function_of_the_executable),
		cmocka_unit_test(names_a_function_of_a_library),
		cmocka_unit_test(knows_no_module_for_code_without_a_file),
		cmocka_unit_test(wakes_profiles_by_module_symbol_and_imports),
		cmocka_unit_test(registers_each_module_once),
		cmocka_unit_test(finds_the_module_of_a_global),
		cmocka_unit_test(forgets_a_closed_module),
		cmocka_unit_test(cuts_what_compilers_append),
		cmocka_unit_test(survives_truncated_files),
		cmocka_unit_test(survives_flipped_bytes),
		cmocka_unit_test(reads_the_same_build_id_from_file_and_memory),
	};

	return cmocka_run_group_tests_name("module", tests, begin, guest_teardown);
}
