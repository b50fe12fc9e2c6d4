/*
 * From an address to the description of its function.
 *
 *     .eh_frame_hdr   version 1 | encodings | number of functions | (start, FDE), ascending
 *     FDE             length | distance to its CIE | start | size | augmentation | instructions
 *     CIE             length | 0 | version | "zR.." | units | augmentation | instructions
 *
 * Called by rules.c, once for each address that it is asked for. Rules: no byte outside the tables'
 * segment is read; whatever is not as GNU ld, gold, lld and mold write it is left to libunwind.
 */
#include "preload/unwind/cfi.h"

enum {
	POINTER_PC_RELATIVE_32 = 0x1b, /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
	POINTER_TABLE_RELATIVE_32 = 0x3b,
	POINTER_UNSIGNED_32 = 0x03,
	INDEX_HEADER = 12,
	RETURN_ADDRESS_COLUMN = 16,
};

struct index_row {
	int32_t start, description; /* relative to the index */
};

static struct cfi_cursor
cfi_cursor_at(const struct cfi_tables *tables, uint64_t address)
{
	struct cfi_cursor cursor = { NULL, NULL, true };

	if (address >= (uintptr_t)tables->low && address < (uintptr_t)tables->high)
		cursor =
		    (struct cfi_cursor){ (const uint8_t *)(uintptr_t)address, tables->high, false };
	return cursor;
}

static struct index_row
cfi_row(const uint8_t *rows, uint64_t number)
{
	struct index_row row;

	memcpy(&row, rows + number * sizeof(row), sizeof(row));
	return row;
}

/* The address of the last description whose function starts at or before `at`, or 0. */
static uint64_t
cfi_search(const struct cfi_tables *tables, uint64_t at)
{
	struct cfi_cursor cursor = cfi_cursor_at(tables, (uintptr_t)tables->index);
	const uint8_t *head = cfi_skip(&cursor, INDEX_HEADER), *rows;
	int64_t wanted = (int64_t)(at - (uintptr_t)tables->index);
	uint64_t low = 0, high;
	uint32_t count;

	if (!head || head[0] != 1 || head[1] != POINTER_PC_RELATIVE_32 ||
	    head[2] != POINTER_UNSIGNED_32 || head[3] != POINTER_TABLE_RELATIVE_32)
		return 0;
	memcpy(&count, head + 8, sizeof(count));
	rows = cfi_skip(&cursor, count * (uint64_t)sizeof(struct index_row));
	if (!rows || !count || cfi_row(rows, 0).start > wanted)
		return 0;
	for (high = count; high - low > 1;) {
		uint64_t middle = (low + high) / 2;

		if (cfi_row(rows, middle).start <= wanted)
			low = middle;
		else
			high = middle;
	}
	return (uintptr_t)tables->index + (uint64_t)(int64_t)cfi_row(rows, low).description;
}

/* A record without its length. The 64-bit form, the terminator and what is too long are refused. */
static struct cfi_cursor
cfi_record(const struct cfi_tables *tables, uint64_t address)
{
	struct cfi_cursor record = cfi_cursor_at(tables, address);
	uint64_t length = cfi_unsigned(&record, 4);

	if (record.is_bad || !length || length > (uint64_t)(record.end - record.at))
		record.is_bad = true;
	else
		record.end = record.at + length;
	return record;
}

/* The size of the personality routine's pointer, which is passed over; 0: not known. */
static uint64_t
cfi_pointer_size(uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case 0x00: case 0x04: case 0x0c: return 8;
	case 0x02: case 0x0a: return 2;
	case 0x03: case 0x0b: return 4;
	default: return 0;
	}
}

/* The letters after 'z' say what its data hold. A signal's frame ('S') is left to libunwind. */
static int
cfi_read_augmentation(const char *letters, struct cfi_cursor *data)
{
	uint64_t encoding = 0;

	for (; *letters; letters++) {
		uint64_t size;

		if (*letters == 'R') {
			encoding = cfi_unsigned(data, 1);
		} else if (*letters == 'L') {
			cfi_skip(data, 1);
		} else if (*letters == 'P') {
			size = cfi_pointer_size((uint8_t)cfi_unsigned(data, 1));
			if (!size)
				return -1;
			cfi_skip(data, size);
		} else {
			return -1;
		}
	}
	return data->is_bad || encoding != POINTER_PC_RELATIVE_32 ? -1 : 0;
}

/* The augmentation's data, which a length precedes. */
static struct cfi_cursor
cfi_augmentation(struct cfi_cursor *record)
{
	uint64_t size = cfi_uleb(record);
	const uint8_t *at = cfi_skip(record, size);

	if (!at)
		return (struct cfi_cursor){ NULL, NULL, true };
	return (struct cfi_cursor){ at, at + size, false };
}

static int
cfi_read_common(struct cfi_cursor record, struct cfi_function *function)
{
	uint64_t id = cfi_unsigned(&record, 4), version = cfi_unsigned(&record, 1);
	const char *letters = (const char *)record.at;
	struct cfi_cursor data;
	uint64_t column;

	if (id != 0 || (version != 1 && version != 3))
		return -1;
	while (cfi_unsigned(&record, 1))
		;
	if (record.is_bad || letters[0] != 'z')
		return -1;
	function->code_unit = cfi_uleb(&record);
	function->data_unit = cfi_sleb(&record);
	column = version == 1 ? cfi_unsigned(&record, 1) : cfi_uleb(&record);
	data = cfi_augmentation(&record);
	if (column != RETURN_ADDRESS_COLUMN || record.is_bad ||
	    cfi_read_augmentation(letters + 1, &data))
		return -1;
	function->initial = record;
	return 0;
}

int
cfi_find(const struct cfi_tables *tables, uint64_t at, struct cfi_function *function)
{
	struct cfi_cursor record = cfi_record(tables, cfi_search(tables, at));
	uint64_t here = (uintptr_t)record.at;
	uint64_t common = here - cfi_unsigned(&record, 4);
	uint64_t size;

	if (record.is_bad || common == here ||
	    cfi_read_common(cfi_record(tables, common), function))
		return -1;
	here = (uintptr_t)record.at;
	function->start = here + (uint64_t)(int64_t)cfi_signed32(&record);
	size = cfi_unsigned(&record, 4);
	cfi_augmentation(&record);
	if (record.is_bad || at - function->start >= size)
		return -1;
	function->program = record;
	return 0;
}
