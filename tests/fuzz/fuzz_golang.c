/*
 * Lets an input spoil a Go program that was put together by hand, and looks for its maps. The first
 * byte chooses the layout; then follow records of 11 bytes: which part, where in it, what stands
 * there. Whatever comes out must hold together: no row outside its texts, no claim without its map.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/test_golang_guest.h"

enum { RECORD = 11, PARTS = 3 };

static void
build(struct guest *guest, bool is_swiss)
{
	guest_open(guest, is_swiss ? 26 : 19, is_swiss ? "go1.26.5" : "go1.19.8");
	uint64_t pointer = guest_type(guest, GUEST_POINTER, 8, 8, "*int");
	guest_word(guest, pointer + 48, guest->int_type);
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	guest_map_type(guest, "map[int]*int", pointer, 8, false, true);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t header = guest_block(guest, 48, true);
		uint64_t array = guest_block(guest, 144, i & 1),
			 value = guest_block(guest, 16, false);
		guest_word(guest, header, 2);
		guest_word(guest, header + 8, 0x77ull << (is_swiss ? 0 : 32));
		guest_word(guest, header + 16, array);
		guest_word(guest, array, is_swiss ? 0x8080808080800101 : 0x8080);
		guest_word(guest, array + (is_swiss ? 16 : 72), value);
		guest_word(guest, GUEST_GLOBALS + 8 * i, header);
	}
	guest_block(guest, 32, true);
	guest_block(guest, 18432, false);
	guest_block(guest, 40960, true);
}

static void
spoil(struct guest *guest, const uint8_t *record)
{
	unsigned char *parts[PARTS] = {guest->image, guest->runtime, guest->heap};
	size_t sizes[PARTS] = {GUEST_IMAGE_SIZE, GUEST_RUNTIME_SIZE, GUEST_HEAP_SIZE};
	unsigned part = record[0] % PARTS;
	size_t at = (size_t)(record[1] | record[2] << 8) * 8 % sizes[part];
	memcpy(parts[part] + at, record + 3, 8);
}

static void
check(const struct golang_result *result)
{
	guest_demand(result->text_bytes == 0 || result->texts[result->text_bytes - 1] == '\0');
	for (size_t i = 0; i < result->map_count; i++) {
		const struct golang_map *row = &result->maps[i];
		guest_demand(row->map.type < result->text_bytes &&
		             row->map.place < result->text_bytes &&
		             row->function < result->text_bytes && row->path < result->text_bytes);
		guest_demand(row->map.needed_low <= row->map.needed_high && row->candidates);
		guest_demand(i == 0 || row[-1].map.address < row->map.address);
	}
	for (size_t i = 0; i < result->claim_count; i++)
		guest_demand(result->claims[i].map < result->map_count &&
		             result->claims[i].role < TRACE_ROLES);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct guest guest;
	if (size == 0)
		return 0;
	build(&guest, bytes[0] & 1);
	for (size_t at = 1; at + RECORD <= size; at += RECORD)
		spoil(&guest, bytes + at);
	guest_find(&guest);
	check(&guest.result);
	guest_close(&guest);
	return 0;
}
