/*
 * Names of Go functions, from the runtime's own function table, which stripping leaves in place.
 *
 *     index:    | start u32, record u32 | ...     ascending; offsets from the start of the code
 *     record:   | start u32 | name i32 | ...      offset of a terminated name
 */
#include "golang/state.h"
#include "golang/word.h"

enum { INDEX_MAX = 1 << 26 };

static uint64_t
record_of(const struct golang_image *image, uint64_t offset)
{
	uint64_t low = 0, high = image->index_count, value;
	if (high == 0 || high > INDEX_MAX)
		return 0;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (!word_read(image->memory, image->index + 8 * middle, 4, &value))
			return 0;
		if (value <= offset)
			low = middle;
		else
			high = middle;
	}
	if (!word_read(image->memory, image->index + 8 * low + 4, 4, &value))
		return 0;
	return image->functions + value;
}

size_t
golang_function_name(const struct golang_image *image, uint64_t pc, char *into, size_t size)
{
	uint64_t name, letter = 0;
	size_t length = 0;
	into[0] = '\0';
	if (pc < image->text || pc >= image->text_end)
		return 0;
	uint64_t record = record_of(image, pc - image->text);
	if (record == 0 || !word_read(image->memory, record + 4, 4, &name))
		return 0;
	while (length + 1 < size && golang_image_holds(image, image->names + name + length, 1) &&
	       word_read(image->memory, image->names + name + length, 1, &letter) && letter >= ' ')
		into[length++] = (char)letter;
	into[length] = '\0';
	return length;
}
