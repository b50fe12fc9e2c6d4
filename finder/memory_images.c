/*
 * Bytes that pose as a guest's memory; see memory.h. For unit tests and fuzzing: a guest is put
 * together by hand, at any addresses. The images keep belonging to the caller, who may change their
 * bytes between two searches.
 */
#include "finder/memory.h"

#include "finder/array.h"

#include <errno.h>

struct images {
	size_t count;
	struct memory_region *regions; /* [count], ascending ... */
	const unsigned char **bytes;   /* [count] ... and the bytes of each */
};

static const void *
images_view(struct memory *memory, uint64_t address, size_t size)
{
	const struct images *images = memory->context;
	const struct memory_region *region = memory_region_of(memory, address, size);
	if (!region)
		return NULL;
	return images->bytes[region - images->regions] + (address - region->start);
}

/* Puts one image in its place among those before it. False: it overlaps one of them. */
static bool
insert(struct images *images, const struct memory_image *image)
{
	size_t i = images->count++;
	for (; i > 0 && images->regions[i - 1].start > image->address; i--) {
		images->regions[i] = images->regions[i - 1];
		images->bytes[i] = images->bytes[i - 1];
	}
	images->regions[i] = (struct memory_region){
		.start = image->address,
		.end = image->address + image->size,
		.kind = image->kind,
		.module = UINT32_MAX,
	};
	images->bytes[i] = image->bytes;
	bool after_last = i == 0 || images->regions[i - 1].end <= image->address;
	bool before_next = i + 1 == images->count ||
	                   images->regions[i + 1].start >= images->regions[i].end;
	return after_last && before_next;
}

int
memory_open_images(struct memory *memory, const struct memory_image *image, size_t count)
{
	*memory = (struct memory){0};
	struct images *images = array_map(sizeof(*images) +
	    count * (sizeof(*images->regions) + sizeof(*images->bytes)));
	if (!images)
		return -1;
	images->regions = (struct memory_region *)(images + 1);
	images->bytes = (const unsigned char **)(images->regions + count);
	for (size_t i = 0; i < count; i++) {
		uint64_t end;
		if (__builtin_add_overflow(image[i].address, image[i].size, &end) ||
		    !insert(images, &image[i])) {
			array_unmap(images);
			errno = EINVAL;
			return -1;
		}
	}
	memory->regions = images->regions;
	memory->region_count = images->count;
	memory->context = images;
	memory->view = images_view;
	return 0;
}

void
memory_close_images(struct memory *memory)
{
	array_unmap(memory->context);
	*memory = (struct memory){0};
}
