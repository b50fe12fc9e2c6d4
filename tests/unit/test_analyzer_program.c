/* What a program is before it is run: crafted headers, and real files in a folder of the test's
 * own. */
#include "analyzer/program.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_NONE };
#endif

/* A program of two program headers, the second PT_INTERP. */
struct image {
	Elf64_Ehdr elf;
	Elf64_Phdr headers[2];
	char interpreter[64];
};

static struct image
dynamic_program(const char *interpreter)
{
	struct image image = {0};

	memcpy(image.elf.e_ident, ELFMAG, SELFMAG);
	image.elf.e_ident[EI_CLASS] = ELFCLASS64;
	image.elf.e_machine = MACHINE;
	image.elf.e_phoff = offsetof(struct image, headers);
	image.elf.e_phentsize = sizeof(Elf64_Phdr);
	image.elf.e_phnum = 2;
	image.headers[0].p_type = PT_LOAD;
	image.headers[1].p_type = PT_INTERP;
	image.headers[1].p_offset = offsetof(struct image, interpreter);
	image.headers[1].p_filesz = sizeof(image.interpreter);
	strcpy(image.interpreter, interpreter);
	return image;
}

static enum program_kind
classify(const struct image *image)
{
	char interpreter[PATH_MAX];

	return program_classify(image, sizeof(*image), interpreter);
}

static void
dynamic_programs_can_be_traced(void **state)
{
	struct image image = dynamic_program("/lib64/ld-linux-x86-64.so.2");

	assert_int_equal(classify(&image), PROGRAM_TRACEABLE);
}

static void
static_programs_are_known(void **state)
{
	struct image image = dynamic_program("x");

	image.headers[1].p_type = PT_NOTE;
	assert_int_equal(classify(&image), PROGRAM_STATIC);
	image.elf.e_phnum = 0;
	assert_int_equal(classify(&image), PROGRAM_STATIC);
}

static void
other_machines_and_libcs_are_known(void **state)
{
	struct image image = dynamic_program("/lib/ld-musl-x86_64.so.1");

	assert_int_equal(classify(&image), PROGRAM_MUSL);
	image.elf.e_machine = EM_S390;
	assert_int_equal(classify(&image), MACHINE == EM_NONE ? PROGRAM_MUSL : PROGRAM_FOREIGN);
	image.elf.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(classify(&image), PROGRAM_FOREIGN);
}

static void
broken_headers_are_read_within_bounds(void **state)
{
	static const uint64_t offsets[] = {UINT64_MAX, UINT64_MAX - 56, sizeof(struct image),
					   sizeof(struct image) - 1, 1};
	struct image image = dynamic_program("x");
	char interpreter[PATH_MAX];

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		image.elf.e_phoff = offsets[i];
		image.elf.e_phnum = UINT16_MAX;
		assert_int_equal(classify(&image), PROGRAM_STATIC);
	}
	image = dynamic_program("x");
	image.headers[1].p_filesz = UINT64_MAX;
	assert_int_equal(classify(&image), PROGRAM_TRACEABLE);
	image.elf.e_phentsize = 1;
	assert_int_equal(classify(&image), PROGRAM_UNKNOWN);
	for (size_t size = 0; size < sizeof(image); size++) {
		char *exact = malloc(size + 1);

		memcpy(exact, &image, size);
		program_classify(exact, size, interpreter);
		free(exact);
	}
}

static void
scripts_name_their_interpreter(void **state)
{
	static const struct {
		const char *text, *interpreter;
	} cases[] = {
	    {"#!/bin/sh\necho", "/bin/sh"},
	    {"#! \t/usr/bin/env python3\n", "/usr/bin/env"},
	    {"#!/bin/sh", "/bin/sh"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char interpreter[PATH_MAX];

		assert_int_equal(
		    program_classify(cases[i].text, strlen(cases[i].text), interpreter),
		    PROGRAM_SCRIPT);
		assert_string_equal(interpreter, cases[i].interpreter);
	}
}

static void
other_files_are_unknown(void **state)
{
	char interpreter[PATH_MAX];

	assert_int_equal(program_classify("", 0, interpreter), PROGRAM_UNKNOWN);
	assert_int_equal(program_classify("#!\n", 3, interpreter), PROGRAM_UNKNOWN);
	assert_int_equal(program_classify("echo hello\n", 11, interpreter), PROGRAM_UNKNOWN);
	assert_int_equal(program_classify("\177ELF", 4, interpreter), PROGRAM_UNKNOWN);
}

static char folder[64];

static int
make_folder(void **state)
{
	strcpy(folder, "/tmp/maptrace-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* Writes a file and examines it. */
static struct program
examine(const char *name, const void *bytes, size_t size, mode_t mode)
{
	struct program program;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	program_examine(path, &program);
	return program;
}

static void
script_is_what_its_interpreter_is(void **state)
{
	struct image image = dynamic_program("x");
	struct program program;
	char script[128], sentence[512];

	image.elf.e_phnum = 0;
	examine("static", &image, sizeof(image), 0755);
	snprintf(script, sizeof(script), "#!%s/static -x\n", folder);
	program = examine("script", script, strlen(script), 0755);
	assert_int_equal(program.kind, PROGRAM_STATIC);
	assert_non_null(strstr(program.loaded, "/static"));
	assert_non_null(program_explain(&program, sentence, sizeof(sentence)));
	assert_non_null(strstr(sentence, "statically linked"));
	assert_non_null(strstr(sentence, "(run by "));
	program = examine("gone", "#!/nonexistent/sh\n", 18, 0755);
	assert_int_equal(program.kind, PROGRAM_MISSING);
}

static void
script_that_runs_itself_ends(void **state)
{
	char script[128];

	snprintf(script, sizeof(script), "#!%s/self\n", folder);
	assert_int_equal(examine("self", script, strlen(script), 0755).kind, PROGRAM_UNKNOWN);
}

static void
what_cannot_be_executed_is_told(void **state)
{
	struct program program;
	char sentence[512];

	assert_int_equal(examine("plain", "text", 4, 0644).kind, PROGRAM_NOT_EXECUTABLE);
	program_examine(folder, &program);
	assert_int_equal(program.kind, PROGRAM_NOT_EXECUTABLE);
	program_examine("/nonexistent", &program);
	assert_int_equal(program.kind, PROGRAM_MISSING);
	program_examine("no-program-has-this-name", &program);
	assert_int_equal(program.kind, PROGRAM_MISSING);
	assert_non_null(strstr(program_explain(&program, sentence, sizeof(sentence)),
			       "no-program-has-this-name: there is no such program"));
}

static void
set_uid_of_another_is_privileged(void **state)
{
	struct image image = dynamic_program("x");
	struct program program = examine("setuid", &image, sizeof(image), 0755);
	char path[128];

	assert_int_equal(program.kind, PROGRAM_TRACEABLE);
	snprintf(path, sizeof(path), "%s/setuid", folder);
	if (geteuid() == 0 && chown(path, 12345, (gid_t)-1) == 0) {
		assert_int_equal(chmod(path, 04755), 0);
		program_examine(path, &program);
		assert_int_equal(program.kind, PROGRAM_PRIVILEGED);
	} else { /* one's own set-uid bit changes nothing */
		assert_int_equal(chmod(path, 04755), 0);
		program_examine(path, &program);
		assert_int_equal(program.kind, PROGRAM_TRACEABLE);
	}
}

static void
programs_are_found_in_path(void **state)
{
	struct program program;
	char sentence[512];

	program_examine("sh", &program);
	assert_int_equal(program.kind, PROGRAM_TRACEABLE);
	assert_int_equal(program.path[0], '/');
	assert_null(program_explain(&program, sentence, sizeof(sentence)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dynamic_programs_can_be_traced),
	    cmocka_unit_test(static_programs_are_known),
	    cmocka_unit_test(other_machines_and_libcs_are_known),
	    cmocka_unit_test(broken_headers_are_read_within_bounds),
	    cmocka_unit_test(scripts_name_their_interpreter),
	    cmocka_unit_test(other_files_are_unknown),
	    cmocka_unit_test(script_is_what_its_interpreter_is),
	    cmocka_unit_test(script_that_runs_itself_ends),
	    cmocka_unit_test(what_cannot_be_executed_is_told),
	    cmocka_unit_test(set_uid_of_another_is_privileged),
	    cmocka_unit_test(programs_are_found_in_path),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
