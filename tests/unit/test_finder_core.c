/*
 * Core files, put together by hand: what the core has, what the program's file has to add, and that
 * whatever is cut off, foreign or contradictory is refused with its reason and never read past its
 * end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <sys/procfs.h>
#include <sys/user.h>
#include <unistd.h>

#include "finder/memory_core.h"

#if defined(__x86_64__)

/*
 *     program   header | code 0x1000 | data 0x400 of memory 0x800
 *     core      notes | data 0x800 | heap 0x1000
 */
enum {
	BASE = 0x400000, DATA = 0x402000, HEAP = 0xc000000, HEADERS = 8,
	CODE_SIZE = 0x1000, DATA_FILE = 0x400, DATA_SIZE = 0x800, HEAP_SIZE = 0x1000,
	NOTES_AT = 0x1000, NOTES_SIZE = 0x400, DATA_AT = 0x2000, HEAP_AT = 0x3000,
	CORE_SIZE = 0x4000, PROGRAM_SIZE = 0x2000,
};

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[HEADERS];
};

static union { struct image image; unsigned char bytes[CORE_SIZE]; } core;
static union { struct image image; unsigned char bytes[PROGRAM_SIZE]; } program;
static char folder[] = "/tmp/maptrace-core-XXXXXX", core_path[64], program_path[64];

static void
fill_header(struct image *image, uint16_t type, uint16_t segments)
{
	memcpy(image->header.e_ident, ELFMAG, SELFMAG);
	image->header.e_ident[EI_CLASS] = ELFCLASS64;
	image->header.e_ident[EI_DATA] = ELFDATA2LSB;
	image->header.e_type = type;
	image->header.e_machine = EM_X86_64;
	image->header.e_phoff = offsetof(struct image, segments);
	image->header.e_phentsize = sizeof(Elf64_Phdr);
	image->header.e_phnum = segments;
}

static size_t
add_note(unsigned char *at, uint32_t type, const void *bytes, uint32_t size)
{
	Elf64_Nhdr note = {.n_namesz = 5, .n_descsz = size, .n_type = type};
	memcpy(at, &note, sizeof(note));
	memcpy(at + sizeof(note), "CORE", 5);
	memcpy(at + sizeof(note) + 8, bytes, size);
	return sizeof(note) + 8 + (size + 3) / 4 * 4;
}

static void
fill_notes(void)
{
	struct elf_prstatus status = {.pr_pid = 77};
	struct user_regs_struct user = {
	    .rip = BASE + 8, .rsp = HEAP + 16, .rbp = HEAP + 32, .r15 = 5};
	Elf64_auxv_t auxiliary[] = {{AT_PHDR, {BASE + offsetof(struct image, segments)}}, {0}};
	unsigned char *at = core.bytes + NOTES_AT;
	memcpy(&status.pr_reg, &user, sizeof(user));
	at += add_note(at, NT_PRSTATUS, &status, sizeof(status));
	at += add_note(at, NT_AUXV, auxiliary, sizeof(auxiliary));
	core.image.segments[0] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = NOTES_AT,
		.p_filesz = (uint64_t)(at - core.bytes - NOTES_AT),
	};
}

static int
fill(void **state)
{
	memset(&core, 0, sizeof(core));
	memset(&program, 0, sizeof(program));
	fill_header(&program.image, ET_EXEC, 2);
	program.image.segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE,
		.p_filesz = CODE_SIZE, .p_memsz = CODE_SIZE,
	};
	program.image.segments[1] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = CODE_SIZE, .p_vaddr = DATA,
		.p_filesz = DATA_FILE, .p_memsz = DATA_SIZE,
	};
	memset(program.bytes + 0x800, 'c', 0x800);
	memset(program.bytes + CODE_SIZE, 'f', DATA_FILE);
	fill_header(&core.image, ET_CORE, 3);
	fill_notes();
	core.image.segments[1] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = DATA_AT, .p_vaddr = DATA,
		.p_filesz = DATA_SIZE, .p_memsz = DATA_SIZE,
	};
	core.image.segments[2] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = HEAP_AT, .p_vaddr = HEAP,
		.p_filesz = HEAP_SIZE, .p_memsz = HEAP_SIZE,
	};
	memset(core.bytes + DATA_AT, 'd', DATA_SIZE);
	memset(core.bytes + HEAP_AT, 'h', HEAP_SIZE);
	return 0;
}

static void
write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static int
open_core(struct memory_core *opened)
{
	write_file(program_path, &program, sizeof(program));
	write_file(core_path, &core, sizeof(core));
	return memory_open_core(opened, core_path, program_path);
}

static void
expect_refusal(const char *reason)
{
	struct memory_core opened;
	assert_int_equal(open_core(&opened), -1);
	assert_non_null(strstr(opened.reason, reason));
	memory_close_core(&opened);
}

static int
byte_at(struct memory_core *opened, uint64_t address)
{
	const unsigned char *at = opened->memory.view(&opened->memory, address, 1);
	return at ? *at : -1;
}

static void
the_core_comes_before_the_program(void **state)
{
	struct memory_core opened;
	assert_int_equal(open_core(&opened), 0);
	assert_int_equal(byte_at(&opened, BASE + 0x800), 'c');
	assert_int_equal(byte_at(&opened, DATA), 'd');
	assert_int_equal(byte_at(&opened, HEAP), 'h');
	assert_int_equal(byte_at(&opened, HEAP + HEAP_SIZE), -1);
	assert_int_equal(opened.image, BASE);
	assert_int_equal(opened.bias, 0);
	assert_int_equal(memory_region_of(&opened.memory, BASE, 8)->kind, MEMORY_CONSTANT);
	assert_int_equal(memory_region_of(&opened.memory, DATA, 8)->kind, MEMORY_GLOBAL);
	assert_int_equal(memory_region_of(&opened.memory, HEAP, 8)->kind, MEMORY_HEAP);
	memory_close_core(&opened);
}

static void
the_kernels_page_in_a_core_is_no_memory(void **state)
{
	struct memory_core opened;
	core.image.segments[3] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = HEAP_AT,
		.p_vaddr = 0xffffffffff600000, .p_filesz = 0x100, .p_memsz = 0x100,
	};
	core.image.header.e_phnum = 4;
	assert_int_equal(open_core(&opened), 0);
	assert_int_equal(byte_at(&opened, HEAP), 'h');
	assert_null(memory_region_of(&opened.memory, 0xffffffffff600000, 8));
	memory_close_core(&opened);
}

static void
threads_keep_their_registers(void **state)
{
	struct memory_core opened;
	assert_int_equal(open_core(&opened), 0);
	const struct memory_core_thread *thread = opened.threads.at;
	assert_int_equal(opened.threads.count, 1);
	assert_int_equal(thread->id, 77);
	assert_int_equal(thread->pc, BASE + 8);
	assert_int_equal(thread->sp, HEAP + 16);
	assert_int_equal(thread->frame, HEAP + 32);
	assert_int_equal(thread->registers[0], 5);
	memory_close_core(&opened);
}

static void
a_moved_program_lies_where_the_core_says(void **state)
{
	enum { MOVED = 0x10000000 };
	struct memory_core opened;
	Elf64_auxv_t auxiliary = {AT_PHDR, {MOVED + BASE + offsetof(struct image, segments)}};
	unsigned char *at = core.bytes + NOTES_AT + core.image.segments[0].p_filesz -
	                    2 * sizeof(auxiliary);
	program.image.header.e_type = ET_DYN;
	memcpy(at, &auxiliary, sizeof(auxiliary));
	core.image.segments[1].p_vaddr += MOVED;
	assert_int_equal(open_core(&opened), 0);
	assert_int_equal(opened.bias, MOVED);
	assert_int_equal(byte_at(&opened, MOVED + BASE + 0x800), 'c');
	assert_int_equal(byte_at(&opened, MOVED + DATA), 'd');
	memory_close_core(&opened);
}

static void
what_is_cut_off_is_refused(void **state)
{
	struct memory_core opened;
	write_file(program_path, &program, sizeof(program));
	for (size_t size = 0; size < sizeof(core); size += size < 0x600 ? 7 : 509) {
		write_file(core_path, &core, size);
		assert_int_equal(memory_open_core(&opened, core_path, program_path), -1);
		assert_non_null(opened.reason);
		memory_close_core(&opened);
	}
	write_file(core_path, &core, sizeof(core));
	for (size_t size = 0; size < CODE_SIZE + DATA_FILE; size += 301) {
		write_file(program_path, &program, size);
		assert_int_equal(memory_open_core(&opened, core_path, program_path), -1);
		memory_close_core(&opened);
	}
}

static void
what_is_foreign_is_refused(void **state)
{
	core.image.header.e_machine = EM_AARCH64;
	expect_refusal("another machine");
	fill(state);
	core.image.header.e_ident[EI_CLASS] = ELFCLASS32;
	expect_refusal("32-bit");
	fill(state);
	core.image.header.e_type = ET_EXEC;
	expect_refusal("no core file");
	fill(state);
	memset(core.bytes, 'x', 4);
	expect_refusal("no ELF file");
	fill(state);
	program.image.header.e_machine = EM_386;
	expect_refusal("the program's file");
}

static void
another_build_of_the_program_is_refused(void **state)
{
	/* the kernel writes the first page of each file that is mapped */
	core.image.segments[3] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R, .p_offset = 0, .p_vaddr = BASE,
		.p_filesz = 0x100, .p_memsz = 0x1000,
	};
	core.image.header.e_phnum = 4;
	expect_refusal("another program");
}

static void
what_contradicts_itself_is_refused(void **state)
{
	core.image.segments[2].p_vaddr = DATA + 8;
	expect_refusal("overlap");
	fill(state);
	core.image.segments[2].p_vaddr = (UINT64_C(1) << 63) - 8;
	expect_refusal("beyond all addresses");
	fill(state);
	core.image.segments[2].p_memsz = 1;
	expect_refusal("more bytes than memory");
	fill(state);
	core.image.segments[0].p_filesz = 40;
	expect_refusal("notes are damaged");
	fill(state);
	core.image.header.e_phnum = PN_XNUM;
	core.image.header.e_shoff = UINT64_MAX - 3;
	expect_refusal("program headers");
	fill(state);
	program.image.header.e_type = ET_DYN;
	core.image.segments[0].p_filesz = 0;
	expect_refusal("NT_AUXV");
}

static int
make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(core_path, sizeof(core_path), "%s/core", folder);
	snprintf(program_path, sizeof(program_path), "%s/program", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	unlink(core_path);
	unlink(program_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_core_comes_before_the_program, fill),
		cmocka_unit_test_setup(the_kernels_page_in_a_core_is_no_memory, fill),
		cmocka_unit_test_setup(threads_keep_their_registers, fill),
		cmocka_unit_test_setup(a_moved_program_lies_where_the_core_says, fill),
		cmocka_unit_test_setup(what_is_cut_off_is_refused, fill),
		cmocka_unit_test_setup(what_is_foreign_is_refused, fill),
		cmocka_unit_test_setup(another_build_of_the_program_is_refused, fill),
		cmocka_unit_test_setup(what_contradicts_itself_is_refused, fill),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

#else

int
main(void)
{
	return 0; /* cores of other machines are refused: nothing to read */
}

#endif
