/*
 * What all memory sources share; see memory.h.
 */
#include "finder/memory.h"

#include "finder/array.h"

bool
memory_read(struct memory *memory, uint64_t address, void *into, size_t size)
{
	const void *from = memory->view(memory, address, size);
	if (!from)
		return false;
	memory_copy(into, from, size);
	return true;
}

const struct memory_region *
memory_region_of(const struct memory *memory, uint64_t address, uint64_t size)
{
	size_t up_to = array_up_to(memory->regions, memory->region_count, sizeof *memory->regions,
	                           offsetof(struct memory_region, start), address);
	if (up_to == 0)
		return NULL;
	const struct memory_region *region = &memory->regions[up_to - 1];
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
