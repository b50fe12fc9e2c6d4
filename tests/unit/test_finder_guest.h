/*
 * A guest put together by hand, for the tests of finder/: three stretches of memory (heap, module
 * data, stack), blocks in the heap one after the other, profiles from text.
 *
 *     struct guest guest; guest_open(&guest); guest_profile(&guest, text);
 *     uint64_t array = guest_block(&guest, 4096); guest_put(&guest, header + 8, array);
 *     guest_find(&guest); ... guest.result ...; guest_close(&guest);
 */
#ifndef TESTS_TEST_FINDER_GUEST_H
#define TESTS_TEST_FINDER_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "finder/finder.h"

enum {
	GUEST_HEAP_SIZE = 1 << 20,
	GUEST_OTHER_SIZE = 4096,
	GUEST_BLOCKS = 4096,
	GUEST_PROFILES = 4,
};

#define GUEST_HEAP 0x555500000000ull
#define GUEST_GLOBAL 0x600000000000ull
#define GUEST_STACK 0x7ffd00000000ull

struct guest {
	unsigned char *heap, *global, *stack;
	uint64_t used; /* of the heap */
	struct finder_block blocks[GUEST_BLOCKS];
	size_t block_count;
	struct profile *profiles[GUEST_PROFILES];
	uint32_t ids[GUEST_PROFILES];
	size_t profile_count;
	struct finder_input input;
	struct finder_result result;
};

static inline void
guest_open(struct guest *guest)
{
	memset(guest, 0, sizeof(*guest));
	guest->heap = calloc(1, GUEST_HEAP_SIZE);
	guest->global = calloc(1, GUEST_OTHER_SIZE);
	guest->stack = calloc(1, GUEST_OTHER_SIZE);
	assert_non_null(guest->heap);
	assert_non_null(guest->global);
	assert_non_null(guest->stack);
}

static inline void
guest_close(struct guest *guest)
{
	finder_release(&guest->result);
	for (size_t i = 0; i < guest->profile_count; i++)
		free(guest->profiles[i]);
	free(guest->heap);
	free(guest->global);
	free(guest->stack);
}

static inline void
guest_profile(struct guest *guest, const char *text)
{
	struct profile_error error = {0};
	struct profile *profile = calloc(1, sizeof(*profile));
	assert_non_null(profile);
	guest->ids[guest->profile_count] = 7 + (uint32_t)guest->profile_count;
	guest->profiles[guest->profile_count++] = profile;
	if (profile_compile(profile, text, strlen(text), &error, 1) != 0)
		fail_msg("line %u column %u: %s", error.line, error.column, error.message);
}

static inline void *
guest_at(struct guest *guest, uint64_t address)
{
	if (address - GUEST_HEAP < GUEST_HEAP_SIZE)
		return guest->heap + (address - GUEST_HEAP);
	if (address - GUEST_GLOBAL < GUEST_OTHER_SIZE)
		return guest->global + (address - GUEST_GLOBAL);
	assert_true(address - GUEST_STACK < GUEST_OTHER_SIZE);
	return guest->stack + (address - GUEST_STACK);
}

static inline void
guest_put(struct guest *guest, uint64_t address, uint64_t value)
{
	memcpy(guest_at(guest, address), &value, sizeof(value));
}

static inline uint64_t
guest_get(struct guest *guest, uint64_t address)
{
	uint64_t value;
	memcpy(&value, guest_at(guest, address), sizeof(value));
	return value;
}

/* Heap memory that is in no live block. */
static inline uint64_t
guest_dead(struct guest *guest, uint64_t size)
{
	uint64_t address = GUEST_HEAP + guest->used;
	guest->used += (size + 15) / 16 * 16 + 16;
	assert_true(guest->used <= GUEST_HEAP_SIZE);
	return address;
}

/* A live block; its stack is its ordinal. */
static inline uint64_t
guest_block(struct guest *guest, uint64_t size)
{
	uint64_t address = guest_dead(guest, size);
	assert_true(guest->block_count < GUEST_BLOCKS);
	guest->blocks[guest->block_count] = (struct finder_block){
		.base = address, .size = size, .stack = (uint32_t)guest->block_count,
	};
	guest->block_count++;
	return address;
}

static inline void
guest_free(struct guest *guest, uint64_t address)
{
	for (size_t i = 0; i < guest->block_count; i++)
		if (guest->blocks[i].base == address) {
			guest->blocks[i] = guest->blocks[--guest->block_count];
			return;
		}
	fail_msg("no block at %llx", (unsigned long long)address);
}

static inline const struct finder_block *
guest_block_of(const struct guest *guest, uint64_t address)
{
	for (size_t i = 0; i < guest->block_count; i++)
		if (guest->blocks[i].base == address)
			return &guest->blocks[i];
	fail_msg("no block at %llx", (unsigned long long)address);
	return NULL;
}

/* What must hold after every search, whatever the guest looked like. */
static inline void
guest_check(const struct guest *guest)
{
	const struct finder_result *result = &guest->result;
	uint64_t *claimed = calloc(guest->block_count + 1, sizeof(*claimed));
	assert_non_null(claimed);
	for (size_t i = 0; i < result->claim_count; i++) {
		const struct finder_claim *claim = &result->claims[i];
		assert_true(claim->block < guest->block_count);
		assert_true(claim->map < result->map_count);
		assert_true(claim->role < TRACE_OTHER);
		assert_int_equal(guest->blocks[claim->block].map, claim->map);
		claimed[claim->block] += claim->bytes;
	}
	for (size_t i = 0; i < guest->block_count; i++) {
		assert_true(claimed[i] <= guest->blocks[i].size);
		if (guest->blocks[i].map != TRACE_NONE)
			assert_true(guest->blocks[i].map < result->map_count);
	}
	free(claimed);
}

static inline void
guest_find_with(struct guest *guest, const struct profile *const *profiles, const uint32_t *ids,
                size_t count)
{
	const struct memory_image images[] = {
		{GUEST_STACK, guest->stack, GUEST_OTHER_SIZE, MEMORY_STACK},
		{GUEST_HEAP, guest->heap, GUEST_HEAP_SIZE, MEMORY_HEAP},
		{GUEST_GLOBAL, guest->global, GUEST_OTHER_SIZE, MEMORY_GLOBAL},
	};
	struct memory memory;
	finder_release(&guest->result);
	assert_int_equal(memory_open_images(&memory, images, 3), 0);
	guest->input.memory = &memory;
	guest->input.blocks = guest->blocks;
	guest->input.block_count = guest->block_count;
	guest->input.profiles = profiles;
	guest->input.profile_ids = ids;
	guest->input.profile_count = count;
	assert_int_equal(finder_run(&guest->input, &guest->result), 0);
	memory_close_images(&memory);
	guest_check(guest);
}

/* With the profiles that it was given. */
static inline void
guest_find(struct guest *guest)
{
	guest_find_with(guest, (const struct profile *const *)guest->profiles, guest->ids,
	                guest->profile_count);
}

static inline uint64_t
guest_claimed(const struct guest *guest, uint32_t map, uint32_t role)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < guest->result.claim_count; i++)
		if (guest->result.claims[i].map == map && guest->result.claims[i].role == role)
			bytes += guest->result.claims[i].bytes;
	return bytes;
}

#endif
