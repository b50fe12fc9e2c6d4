/*
 * A Go program put together by hand with more memory than there is: from 0xd000000000 on the same
 * 4 KiB stand over and over, so that an image can say of itself whatever it wants. Views of the
 * memory are counted, and the deadline can be made to pass at any of them.
 */
#ifndef TESTS_TEST_GOLANG_ENDLESS_H
#define TESTS_TEST_GOLANG_ENDLESS_H

#include "tests/unit/test_golang_guest.h"

#define ENDLESS 0xd000000000ull
#define ENDLESS_SIZE (1ull << 38)

enum {
	PERIOD = 4096,
	WINDOW = 2 * 65536,   /* the longest view */
};

struct limited {
	struct memory memory;
	struct guest guest;
	struct golang_input input;
	unsigned char window[PERIOD + WINDOW];
	uint64_t views, late_at, on_time_at;
};

static inline const void *
view(struct memory *memory, uint64_t address, size_t size)
{
	struct limited *limited = (struct limited *)memory;
	if (++limited->views == limited->late_at)
		limited->input.deadline_ns = 1;
	if (limited->views == limited->on_time_at)
		limited->input.deadline_ns = 0;
	if (address < ENDLESS || address >= ENDLESS + ENDLESS_SIZE)
		return limited->guest.memory.view(&limited->guest.memory, address, size);
	return size <= WINDOW ? limited->window + address % PERIOD : NULL;
}

static inline struct limited *
open_limited(unsigned minor, const char *version)
{
	struct limited *limited = calloc(1, sizeof *limited);
	guest_demand(limited != NULL);
	guest_open(&limited->guest, minor, version);
	limited->memory = limited->guest.memory;
	limited->memory.view = view;
	return limited;
}

static inline void
close_limited(struct limited *limited)
{
	guest_close(&limited->guest);
	free(limited);
}

/* Looks for maps. The deadline passes at a view (0: never); at a later one there is time again, as
 * there is for the next phase. */
static inline enum golang_outcome
find_between(struct limited *limited, uint64_t late_at, uint64_t on_time_at)
{
	limited->input = (struct golang_input){.memory = &limited->memory, .image = GUEST_IMAGE};
	limited->views = 0;
	limited->late_at = late_at;
	limited->on_time_at = on_time_at;
	golang_release(&limited->guest.result);
	return golang_find(&limited->input, &limited->guest.result);
}

/* `count` words, over and over from the start of endless memory on. PERIOD is a multiple of them.
 */
static inline void
repeat(struct limited *limited, const uint64_t *words, size_t count)
{
	for (size_t at = 0; at < sizeof limited->window; at += 8)
		memcpy(limited->window + at, &words[at % PERIOD / 8 % count], 8);
}

/* The image has a third segment of 3 GB; one of its sections is all of it. */
static inline void
enlarge_image(struct limited *limited, uint64_t section)
{
	struct guest *guest = &limited->guest;
	Elf64_Phdr segment = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = ENDLESS,
		.p_filesz = 3ull << 30, .p_memsz = 3ull << 30,
	};
	guest->image[offsetof(Elf64_Ehdr, e_phnum)] = 3;
	memcpy(guest->image + sizeof(Elf64_Ehdr) + 2 * sizeof segment, &segment, sizeof segment);
	if (section == 0)
		return;
	guest_word(guest, GUEST_IMAGE + 0x4100 + section, ENDLESS);
	guest_word(guest, GUEST_IMAGE + 0x4100 + section + 8, ENDLESS + segment.p_memsz);
}
enum { NOPTR_BSS_AT = 192 + 48, BSS_AT = 192 + 32, TYPES_AT = 296 };

#endif
