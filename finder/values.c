/* See values.h. A value may be wanted by several maps or be a map's own structure: which map gets
 * it is decided at the end of the search (attribute_values). */
#include "finder/values.h"

int
values_note(struct finder *finder, uint64_t address)
{
	struct values_noted *noted = &finder->noted;

	noted->addresses[noted->count++] = address;
	return noted->count < VALUES_GROUP ? 0 : values_settle(finder);
}

static int
add(struct finder *finder, uint32_t block)
{
	struct value *value = array_add(&finder->values, sizeof(*value), 1);

	if (!value) {
		finder->is_out_of_memory = true;
		return -1;
	}
	*value = (struct value){.block = block, .map = finder->proof.map};
	return 0;
}

int
values_settle(struct finder *finder)
{
	const uint64_t *addresses = finder->noted.addresses;
	uint32_t count = finder->noted.count, before[VALUES_GROUP];
	uint64_t starts;
	int status = 0;

	finder->noted.count = 0;
	starts = blocks_before(&finder->blocks, addresses, count, before);
	for (; status == 0 && starts; starts &= starts - 1)
		status = add(finder, before[__builtin_ctzll(starts)]);
	return status;
}
