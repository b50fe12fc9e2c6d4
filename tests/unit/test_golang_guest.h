/*
 * A Go program put together by hand, for the tests and the fuzz target of golang/: an ELF image
 * with build information, module data, a function and types; the runtime's list of spans; a heap
 * whose blocks each have a span of their own. Offsets are those of Go's sources, written down here
 * a second time.
 *
 *     0x400000 ELF header, code    0x402000 function table   0x403000 types
 *     0x404000 build information, module data    0x404400 globals    0x404800 lists    0x406000 end
 */
#ifndef TESTS_TEST_GOLANG_GUEST_H
#define TESTS_TEST_GOLANG_GUEST_H

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "golang/golang.h"

enum {
	GUEST_IMAGE_SIZE = 0x6000,
	GUEST_RUNTIME_SIZE = 1 << 16, /* spans, their list, goroutines */
	GUEST_HEAP_SIZE = 1 << 21,
	GUEST_PAGE = 8192,
	GUEST_SPAN_SIZE = 160,
	GUEST_INT = 2, GUEST_UINT8 = 8, GUEST_ARRAY = 17, GUEST_MAP = 21, GUEST_POINTER = 22,
	GUEST_STRUCT = 25,
};

#define GUEST_IMAGE 0x400000ull
#define GUEST_CODE 0x401000ull
#define GUEST_TYPES 0x403000ull
#define GUEST_GLOBALS 0x404400ull
#define GUEST_LISTS 0x404800ull
#define GUEST_SPAN_LIST 0x405000ull
#define GUEST_RUNTIME 0x7f0000000000ull
#define GUEST_HEAP 0xc000000000ull

struct guest {
	unsigned char *image, *runtime, *heap;
	struct memory memory;
	struct golang_result result;
	unsigned minor;
	uint64_t types;      /* next free byte */
	uint64_t pages;      /* of the heap that are taken */
	uint64_t spans;
	uint64_t int_type;
};

/* What a test builds must fit; the fuzz target has no cmocka. */
static inline void
guest_demand(bool holds)
{
	if (!holds)
		abort();
}

static inline void
guest_put(struct guest *guest, uint64_t address, uint64_t value, size_t size)
{
	unsigned char *at = address >= GUEST_RUNTIME ? guest->runtime + (address - GUEST_RUNTIME)
	                    : address >= GUEST_HEAP  ? guest->heap + (address - GUEST_HEAP)
	                                             : guest->image + (address - GUEST_IMAGE);
	memcpy(at, &value, size);
}

static inline void
guest_word(struct guest *guest, uint64_t address, uint64_t value)
{
	guest_put(guest, address, value, 8);
}

/* ---- types */

static inline uint64_t
guest_type(struct guest *guest, unsigned kind, uint64_t size, uint64_t pointers, const char *name)
{
	uint64_t at = guest->types, text = at + 136, length = strlen(name);
	guest_word(guest, at, size);
	guest_word(guest, at + 8, pointers);
	guest_put(guest, at + 21, 8, 1);
	guest_put(guest, at + 22, 8, 1);
	guest_put(guest, at + 23, kind, 1);
	guest_put(guest, at + 40, text - GUEST_TYPES, 4);
	guest_put(guest, text + 1, length, 1);
	for (size_t i = 0; i < length; i++)
		guest_put(guest, text + 2 + i, (unsigned char)name[i], 1);
	guest->types = (text + 2 + length + 15) & ~15ull;
	return at;
}

/* A map type with int keys; its group has the size that Go gives it. */
static inline uint64_t
guest_map_type(struct guest *guest, const char *name, uint64_t value_type, uint64_t value_slot,
               bool is_indirect, bool has_pointers)
{
	bool is_swiss = guest->minor >= 24;
	uint64_t group = is_swiss ? 8 + 8 * (8 + value_slot) : 8 + 8 * (8 + value_slot) + 8;
	uint64_t at = guest_type(guest, GUEST_MAP, 8, 8, name);
	uint64_t group_type = guest_type(guest, GUEST_STRUCT, group, has_pointers ? 8 : 0, "group");
	guest_word(guest, at + 48, guest->int_type);
	guest_word(guest, at + 56, value_type);
	guest_word(guest, at + 64, group_type);
	if (is_swiss) {
		guest_word(guest, at + 80, group);
		guest_word(guest, at + 88, 8 + value_slot);
		guest_word(guest, at + 96, 8);
		guest_put(guest, at + 104, is_indirect ? 8 : 0, 4);
	} else {
		guest_put(guest, at + 80, 8, 1);
		guest_put(guest, at + 81, value_slot, 1);
		guest_put(guest, at + 82, group, 2);
		guest_put(guest, at + 84, is_indirect ? 2 : 0, 4);
	}
	return at;
}

/* ---- the heap */

static inline unsigned
guest_class(uint64_t size)
{
	static const uint16_t sizes[] = {0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176,
	                                 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
	                                 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536,
	                                 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376,
	                                 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880,
	                                 12288, 13568, 14336, 16384, 18432};
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (sizes[i] == size)
			return i;
	guest_demand(size > 32768);
	return 0;
}

/* A span; state 1: in use for blocks of `slot` bytes, the first of them allocated; 2: a stack. */
static inline uint64_t
guest_span(struct guest *guest, unsigned state, uint64_t slot, bool has_pointers)
{
	uint64_t at = GUEST_RUNTIME + 4096 + guest->spans * GUEST_SPAN_SIZE;
	uint64_t pages = (slot + GUEST_PAGE - 1) / GUEST_PAGE, start;
	bool is_narrow = guest->minor >= 22;
	start = GUEST_HEAP + guest->pages * GUEST_PAGE;
	guest->pages += pages;
	guest_demand(guest->pages * GUEST_PAGE <= GUEST_HEAP_SIZE);
	guest_word(guest, at + 24, start);
	guest_word(guest, at + 32, pages);
	guest_put(guest, at + 48, 1, is_narrow ? 2 : 8);
	guest_put(guest, at + (is_narrow ? 50 : 56), slot > 32768 ? 1 : pages * GUEST_PAGE / slot,
	          is_narrow ? 2 : 8);
	guest_word(guest, at + (is_narrow ? 64 : 72), GUEST_RUNTIME); /* no bits set */
	guest_put(guest, at + 98, state == 1 ? guest_class(slot) * 2 + !has_pointers : 0, 1);
	guest_put(guest, at + 99, state, 1);
	guest_word(guest, at + 104, slot > 32768 ? pages * GUEST_PAGE : slot);
	guest_word(guest, GUEST_RUNTIME + 32768 + 8 * guest->spans, at);
	guest_word(guest, GUEST_SPAN_LIST + 8, ++guest->spans);
	return start;
}

static inline uint64_t
guest_block(struct guest *guest, uint64_t slot, bool has_pointers)
{
	return guest_span(guest, 1, slot, has_pointers);
}

/* ---- the program */

static inline void
guest_write_elf(struct guest *guest)
{
	Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_machine = EM_X86_64, .e_phoff = sizeof header,
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
	};
	Elf64_Phdr segments[2] = {
		{.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = GUEST_IMAGE,
		 .p_filesz = 0x4000, .p_memsz = 0x4000},
		{.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = GUEST_IMAGE + 0x4000,
		 .p_offset = 0x4000, .p_filesz = 0x800, .p_memsz = 0x2000},
	};
	memcpy(guest->image, &header, sizeof header);
	memcpy(guest->image + sizeof header, segments, sizeof segments);
}

static inline void
guest_write_module(struct guest *guest)
{
	uint64_t at = GUEST_IMAGE + 0x4100, table = GUEST_IMAGE + 0x2000;
	uint64_t types = at + (guest->minor == 19 ? 280 : 296);
	static const uint64_t ranges[] = {0x4000, 0x4400, 0x4400, 0x4800, 0x4800, 0x5000, 0x5000,
	                                  0x6000};
	guest_put(guest, table, guest->minor == 19 ? 0xfffffff0 : 0xfffffff1, 4);
	guest_put(guest, table + 7, 8, 1);
	guest_word(guest, at, table);
	guest_word(guest, at + 8, table + 0x100);  /* names */
	memcpy(guest->image + 0x2101, "main.serve", 11);
	guest_word(guest, at + 104, table + 0x200); /* records: start, name */
	guest_put(guest, table + 0x204, 1, 4);
	guest_word(guest, at + 128, table + 0x300); /* index: start, record */
	guest_word(guest, at + 136, 1);
	guest_word(guest, at + 176, GUEST_CODE);
	guest_word(guest, at + 184, GUEST_CODE + 0x1000);
	for (size_t i = 0; i < 8; i++)
		guest_word(guest, at + 192 + 8 * i, GUEST_IMAGE + ranges[i]);
	guest_word(guest, types, GUEST_TYPES);
	guest_word(guest, types + 8, GUEST_IMAGE + 0x4000);
}

/* A goroutine that waits; its list is the last in the data, so that a test's own comes before. */
static inline void
guest_write_goroutine(struct guest *guest)
{
	uint64_t at = GUEST_RUNTIME + 0x600, list = GUEST_RUNTIME + 0x500;
	uint64_t stack = guest_span(guest, 2, GUEST_PAGE, false);
	guest_word(guest, GUEST_LISTS + 0x700, list);
	guest_word(guest, GUEST_LISTS + 0x708, 1);
	guest_word(guest, GUEST_LISTS + 0x710, 1);
	guest_word(guest, list, at);
	guest_word(guest, at, stack);
	guest_word(guest, at + 8, stack + GUEST_PAGE);
	guest_word(guest, at + 56, stack + GUEST_PAGE - 64);
	guest_word(guest, at + 64, GUEST_CODE + 8);
}

static inline void
guest_open(struct guest *guest, unsigned minor, const char *version)
{
	*guest = (struct guest){.minor = minor, .types = GUEST_TYPES};
	guest->image = calloc(1, GUEST_IMAGE_SIZE);
	guest->runtime = calloc(1, GUEST_RUNTIME_SIZE);
	guest->heap = calloc(1, GUEST_HEAP_SIZE);
	guest_write_elf(guest);
	memcpy(guest->image + 0x4000, "\xff Go buildinf:\x08\x02", 16);
	guest->image[0x4020] = (unsigned char)strlen(version);
	memcpy(guest->image + 0x4021, version, strlen(version));
	guest_write_module(guest);
	guest_word(guest, GUEST_SPAN_LIST, GUEST_RUNTIME + 32768);
	guest_word(guest, GUEST_SPAN_LIST + 16, 2048);
	guest->int_type = guest_type(guest, GUEST_INT, 8, 0, "int");
	for (size_t i = 0; i < 8; i++)
		guest_block(guest, 16, false); /* a list of spans has at least so many */
	guest_write_goroutine(guest);
	struct memory_image images[] = {
		{GUEST_IMAGE, guest->image, GUEST_IMAGE_SIZE, MEMORY_GLOBAL},
		{GUEST_RUNTIME, guest->runtime, GUEST_RUNTIME_SIZE, MEMORY_HEAP},
		{GUEST_HEAP, guest->heap, GUEST_HEAP_SIZE, MEMORY_HEAP},
	};
	guest_demand(memory_open_images(&guest->memory, images, 3) == 0);
}

static inline enum golang_outcome
guest_find(struct guest *guest)
{
	struct golang_input input = {.memory = &guest->memory, .image = GUEST_IMAGE};
	golang_release(&guest->result);
	return golang_find(&input, &guest->result);
}

static inline void
guest_close(struct guest *guest)
{
	golang_release(&guest->result);
	memory_close_images(&guest->memory);
	free(guest->image);
	free(guest->runtime);
	free(guest->heap);
}

#endif
