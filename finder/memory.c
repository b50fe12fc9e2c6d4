/*
 * What all memory sources share; see memory.h. Called for every word that an expression reads, so
 * the common sizes are copied inline.
 */
#include "finder/memory.h"

#include <string.h>

/* The guest's bytes are no objects of ours: an address sanitizer in the same process knows some of
 * them as freed or as red zones, and they are read all the same. */
__attribute__((no_sanitize("address"))) static void
copy(unsigned char *into, const unsigned char *from, size_t size)
{
	switch (size) {
	case 1: *into = *from; return;
	case 2: __builtin_memcpy(into, from, 2); return;
	case 4: __builtin_memcpy(into, from, 4); return;
	case 8: __builtin_memcpy(into, from, 8); return;
	}
	for (size_t i = 0; i < size; i++)
		into[i] = ((const volatile unsigned char *)from)[i];
}

bool
memory_read(struct memory *memory, uint64_t address, void *into, size_t size)
{
	const void *from = memory->view(memory, address, size);
	if (!from)
		return false;
	copy(into, from, size);
	return true;
}

const struct memory_region *
memory_region_of(const struct memory *memory, uint64_t address, uint64_t size)
{
	size_t low = 0, high = memory->region_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memory->regions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	const struct memory_region *region = &memory->regions[low - 1];
	bool holds = address < region->end && size <= region->end - address;
	return holds ? region : NULL;
}

uint64_t
memory_resident(struct memory *memory, uint64_t address, uint64_t size)
{
	return memory->resident ? memory->resident(memory, address, size) : size;
}

bool
memory_is_blank(struct memory *memory, uint64_t address, uint64_t size)
{
	return memory->is_blank && memory->is_blank(memory, address, size);
}
