/*
 * The guest's memory as the finder sees it: this process, another process, or a core file behind
 * one small interface. Nothing in here can fault: what cannot be read is not there.
 */
#ifndef FINDER_MEMORY_H
#define FINDER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memory_region_kind {
	MEMORY_GLOBAL, /* writable data of a module: file-backed, or the bss that follows it */
	MEMORY_STACK,
	MEMORY_HEAP,   /* [heap] and anonymous memory */
	MEMORY_CONSTANT, /* a module's code and constants, where they are asked for */
};

/* Of programs; the other half is the kernel's. So no step beyond a region comes round to 0. */
#define MEMORY_ADDRESSES_END (UINT64_C(1) << 63)

/* A readable range of the guest, in ascending order; writable, but for constants. */
struct memory_region {
	uint64_t start, end;
	uint8_t kind;     /* enum memory_region_kind */
	bool is_direct;   /* memory_self: may be read through a plain pointer */
	uint32_t module;  /* caller's number of the module, or UINT32_MAX */
};

struct memory {
	const struct memory_region *regions;
	size_t region_count;
	void *context;
	/* `size` readable bytes at `address`, valid until the next call; NULL if not all are
	 * there. */
	const void *(*view)(struct memory *memory, uint64_t address, size_t size);
	/* What the kernel tells of the pages, as of the opening; NULL: nothing. */
	uint64_t (*resident)(struct memory *memory, uint64_t address, uint64_t size);
	bool (*is_blank)(struct memory *memory, uint64_t address, uint64_t size);
};

/* Copies a view's bytes. They are no objects of ours: a sanitizer in the same process may know them
 * as freed or as red zones, and they are read all the same. Inline for the sizes of fields. */
__attribute__((no_sanitize("address", "thread"))) static inline void
memory_copy(void *into, const void *from, size_t size)
{
	switch (size) {
	case 1: __builtin_memcpy(into, from, 1); return;
	case 2: __builtin_memcpy(into, from, 2); return;
	case 4: __builtin_memcpy(into, from, 4); return;
	case 8: __builtin_memcpy(into, from, 8); return;
	}
	struct word { uint64_t value; } __attribute__((packed, may_alias));
	size_t i = 0;
	for (; size - i >= sizeof(struct word); i += sizeof(struct word)) {
		const volatile struct word *word = (const void *)((const char *)from + i);
		((struct word *)(void *)((char *)into + i))->value = word->value;
	}
	for (; i < size; i++)
		((unsigned char *)into)[i] = ((const volatile unsigned char *)from)[i];
}

/* Copies from the guest; false if not all of it is there. */
bool memory_read(struct memory *memory, uint64_t address, void *into, size_t size);

/* The region that holds all of [address, address + size), or NULL. */
const struct memory_region *memory_region_of(const struct memory *memory, uint64_t address,
                                             uint64_t size);

/* Bytes of [address, address + size) that are in physical memory, whole pages counted only as far
 * as they overlap; `size` itself where the kernel does not tell. */
uint64_t memory_resident(struct memory *memory, uint64_t address, uint64_t size);

/* Whether these pages were never written, so that they are zeros and looking at them is waste (and
 * would make them resident). False where the kernel does not tell. */
bool memory_is_blank(struct memory *memory, uint64_t address, uint64_t size);

/* This process, from /proc/self/maps. Regions in `hidden` (the library's own memory, by address)
 * are cut out, shared mappings and device memory are left out. Stacks are cut at `stack_pointer`
 * where it lies in one. Uses only its own anonymous mappings and system calls: fit for a forked
 * child of the guest. `is_frozen`: no other thread can unmap anything (a forked child), so private
 * anonymous memory is read directly; else everything goes through process_vm_readv. `constants_of`:
 * path of the module whose read-only segments are regions as well; NULL: of none. */
struct memory_range { uint64_t start, end; };
int memory_open_self(struct memory *memory, const struct memory_range *hidden, size_t hidden_count,
                     uint64_t stack_pointer, bool is_frozen, const char *constants_of);
void memory_close_self(struct memory *memory);

/* Bytes in memory that pose as a guest: for unit tests and fuzzing. */
struct memory_image {
	uint64_t address;
	const void *bytes;
	size_t size;
	uint8_t kind; /* enum memory_region_kind */
};
int memory_open_images(struct memory *memory, const struct memory_image *images, size_t count);
void memory_close_images(struct memory *memory);

#endif
