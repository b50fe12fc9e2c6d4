/*
 * Reads Go's type data; see types.h. Map types are found by looking at every eight bytes of it:
 * what a map type says of its group must agree with what the group's own type and those of key and
 * value say, which nothing else does.
 *
 * What must never break: a map type is taken only if its cells lie within its group.
 */
#include "golang/types.h"

#include "golang/word.h"

#include <string.h>

enum {
	TYPE_SIZE = 48,        /* bytes that all types start with */
	MAP_TYPE_SIZE = 112,
	KIND_MASK = 31,
	DIRECT = 32,           /* in the kind's byte to 1.25, in the flags' from then on */
	STAR_FLAG = 2,         /* the name has a "*" in front that is not its own */
	FIELD_SIZE = 24,
	FIELDS_MAX = 4096,
	DEPTH_MAX = 16,
	STEPS_MAX = 4096,      /* fields and elements that are looked at for the words of a cell: a
	                        * hostile struct may hold itself many times over */
	MAP_TYPES_MAX = 1 << 16,
	DOTS = 3,
	CLASSIC_INDIRECT_KEY = 1, CLASSIC_INDIRECT_VALUE = 2,
	SWISS_INDIRECT_KEY = 4, SWISS_INDIRECT_VALUE = 8,
};
#define TYPE_BYTES_MAX (1ull << 40)

static bool
is_in_types(const struct golang_image *image, uint64_t address)
{
	return address % 8 == 0 && address >= image->types && address < image->types_end;
}

bool
golang_type_read(const struct golang_types *types, uint64_t address, struct golang_type *type)
{
	const void *at = is_in_types(types->image, address)
	                     ? types->memory->view(types->memory, address, TYPE_SIZE)
	                     : NULL;
	if (!at)
		return false;
	uint8_t align = (uint8_t)word_of(at, 21, 1), kind = (uint8_t)word_of(at, 23, 1);
	*type = (struct golang_type){
		.address = address,
		.size = word_of(at, 0, 8),
		.pointer_bytes = word_of(at, 8, 8),
		.kind = kind & KIND_MASK,
		.is_direct = kind & DIRECT || word_of(at, 20, 1) & DIRECT,
	};
	return type->kind >= GOLANG_BOOL && type->kind < GOLANG_KINDS &&
	       type->size < TYPE_BYTES_MAX && type->pointer_bytes <= type->size &&
	       type->pointer_bytes % 8 == 0 && align != 0 && (align & (align - 1)) == 0 &&
	       align <= 16;
}

bool
golang_type_element(const struct golang_types *types, const struct golang_type *type,
                    struct golang_type *element)
{
	return golang_type_read(types, word_at(types->memory, type->address + 48), element);
}

uint64_t
golang_type_length(const struct golang_types *types, const struct golang_type *array)
{
	return word_at(types->memory, array->address + 64);
}

bool
golang_type_field(const struct golang_types *types, const struct golang_type *type, uint64_t i,
                  struct golang_type *field, uint64_t *offset)
{
	uint64_t fields = word_at(types->memory, type->address + 56);
	uint64_t count = word_at(types->memory, type->address + 64);
	if (i >= count || i >= FIELDS_MAX)
		return false;
	*offset = word_at(types->memory, fields + FIELD_SIZE * i + 16);
	return golang_type_read(types, word_at(types->memory, fields + FIELD_SIZE * i + 8),
	                        field) &&
	       *offset <= type->size && field->size <= type->size - *offset;
}

/* A name: a byte of flags, its length in 7 bits a byte, the text. */
size_t
golang_type_name(const struct golang_types *types, const struct golang_type *type, char *into,
                 size_t size)
{
	struct memory *memory = types->memory;
	uint64_t value, length = 0, flags;
	word_read(memory, type->address + 40, 4, &value);
	word_read(memory, type->address + 20, 1, &flags);
	uint64_t at = types->image->types + value + 1;
	for (unsigned shift = 0; shift < 21; shift += 7) {
		word_read(memory, at++, 1, &value);
		length |= (value & 127) << shift;
		if (!(value & 128))
			break;
	}
	uint64_t star = 0;
	if (length && flags & STAR_FLAG && word_read(memory, at, 1, &value) && value == '*')
		star = 1;
	length -= star;
	bool is_long = length > size - 1;
	if (is_long)
		length = size - 1;
	if (!golang_image_holds(types->image, at + star, length) ||
	    !memory_read(memory, at + star, into, length))
		length = 0;
	if (is_long && length)
		memcpy(into + length - DOTS, "...", DOTS);
	into[length] = '\0';
	return length;
}

/* ---- where cells hold pointers */

static void
add_word(struct golang_part *part, uint64_t offset)
{
	if (part->word_count < GOLANG_WORDS_MAX && offset % 8 == 0 && offset + 8 <= part->slot)
		part->words[part->word_count++] = (uint8_t)offset;
	else
		part->is_cut = true;
}

static void
add_words(const struct golang_types *types, struct golang_part *part,
          const struct golang_type *type, uint64_t offset, unsigned depth, unsigned *steps)
{
	struct golang_type inner;
	uint64_t at;
	if (golang_tick(types->image->deadline))
		return;
	if (type->pointer_bytes == 0 || part->is_cut)
		return;
	if (depth > DEPTH_MAX || *steps == 0) {
		part->is_cut = true;
		return;
	}
	--*steps;
	switch (type->kind) {
	case GOLANG_POINTER:
	case GOLANG_SLICE:
	case GOLANG_STRING:
	case GOLANG_FUNC:
	case GOLANG_UNSAFE_POINTER:
		add_word(part, offset);
		return;
	case GOLANG_INTERFACE:
		add_word(part, offset + 8);
		return;
	case GOLANG_ARRAY:
		if (!golang_type_element(types, type, &inner) || inner.size == 0)
			return;
		for (uint64_t i = 0; i < type->size / inner.size && !part->is_cut; i++)
			add_words(types, part, &inner, offset + i * inner.size, depth + 1, steps);
		return;
	case GOLANG_STRUCT:
		for (uint64_t i = 0;
		     !part->is_cut && golang_type_field(types, type, i, &inner, &at); i++)
			add_words(types, part, &inner, offset + at, depth + 1, steps);
		return;
	}
}

static void
find_words(const struct golang_types *types, struct golang_part *part)
{
	unsigned steps = STEPS_MAX;
	if (part->is_indirect)
		add_word(part, 0);
	else if (part->slot <= GOLANG_INLINE_MAX)
		add_words(types, part, &part->type, 0, 0, &steps);
}

/* ---- map types */

static bool
fits_group(const struct golang_part *part, uint64_t front, uint64_t end)
{
	return part->slot <= GOLANG_INLINE_MAX && part->offset >= front &&
	       part->offset + (GOLANG_CELLS - 1) * part->stride + part->slot <= end;
}

static bool
read_classic(struct golang_map_type *map, const void *at)
{
	uint64_t flags = word_of(at, 84, 4), group = word_of(at, 82, 2);
	uint64_t key = word_of(at, 80, 1), value = word_of(at, 81, 1);
	map->key.is_indirect = flags & CLASSIC_INDIRECT_KEY;
	map->value.is_indirect = flags & CLASSIC_INDIRECT_VALUE;
	map->key.slot = map->key.stride = key;
	map->value.slot = map->value.stride = value;
	map->key.offset = GOLANG_CELLS;
	map->value.offset = GOLANG_CELLS + GOLANG_CELLS * key;
	return group == map->group.size && fits_group(&map->key, GOLANG_CELLS, group - 8) &&
	       fits_group(&map->value, GOLANG_CELLS, group - 8) &&
	       key == (map->key.is_indirect ? 8 : map->key.type.size) &&
	       value == (map->value.is_indirect ? 8 : map->value.type.size);
}

static bool
read_swiss(struct golang_map_type *map, const void *at)
{
	uint64_t group = word_of(at, 80, 8), slot = word_of(at, 88, 8), offset = word_of(at, 96, 8);
	uint64_t flags = word_of(at, 104, 4);
	if (group != map->group.size || slot > 2 * GOLANG_INLINE_MAX + 8 || offset > slot ||
	    group != GOLANG_CELLS + GOLANG_CELLS * slot)
		return false;
	map->key.is_indirect = flags & SWISS_INDIRECT_KEY;
	map->value.is_indirect = flags & SWISS_INDIRECT_VALUE;
	map->key.slot = map->key.is_indirect ? 8 : map->key.type.size;
	map->value.slot = map->value.is_indirect ? 8 : map->value.type.size;
	map->key.stride = map->value.stride = slot;
	map->key.offset = GOLANG_CELLS;
	map->value.offset = GOLANG_CELLS + offset;
	return fits_group(&map->key, GOLANG_CELLS, group) &&
	       fits_group(&map->value, GOLANG_CELLS, group);
}

static bool
read_map_type(const struct golang_types *types, uint64_t address, struct golang_map_type *map)
{
	struct golang_type type;
	if (!golang_type_read(types, address, &type) || type.kind != GOLANG_MAP || type.size != 8 ||
	    type.pointer_bytes != 8)
		return false;
	char bytes[MAP_TYPE_SIZE];
	if (!memory_read(types->memory, address, bytes, sizeof bytes))
		return false;
	memset(map, 0, sizeof *map);
	map->type = type;
	if (!golang_type_read(types, word_of(bytes, 48, 8), &map->key.type) ||
	    !golang_type_read(types, word_of(bytes, 56, 8), &map->value.type) ||
	    !golang_type_read(types, word_of(bytes, 64, 8), &map->group) ||
	    map->group.kind != GOLANG_STRUCT || map->group.size % 8)
		return false;
	bool is_read = types->image->release->is_swiss ? read_swiss(map, bytes)
	                                               : read_classic(map, bytes);
	if (!is_read)
		return false;
	find_words(types, &map->key);
	find_words(types, &map->value);
	return true;
}

static int
compare_maps(const void *a, const void *b)
{
	const struct golang_map_type *x = a, *y = b;
	if (x->group.size != y->group.size)
		return x->group.size < y->group.size ? -1 : 1;
	bool x_scans = x->group.pointer_bytes != 0, y_scans = y->group.pointer_bytes != 0;
	if (x_scans != y_scans)
		return x_scans ? -1 : 1;
	return x->group.address < y->group.address   ? -1
	       : x->group.address > y->group.address ? 1
	       : x->type.address < y->type.address   ? -1
	                                             : x->type.address > y->type.address;
}

static int
group_shapes(struct golang_types *types)
{
	struct golang_map_type *maps = types->maps.at;
	struct golang_shape *shape = NULL;
	for (size_t i = 0; i < types->maps.count; i++) {
		bool scans = maps[i].group.pointer_bytes != 0;
		if (!shape || shape->group_size != maps[i].group.size ||
		    shape->has_pointers != scans) {
			shape = array_add(&types->shapes, sizeof *shape, 1);
			if (!shape)
				return -1;
			shape->group_size = maps[i].group.size;
			shape->has_pointers = scans;
			shape->first = (uint32_t)i;
		}
		shape->count++;
		maps[i].shape = (uint32_t)types->shapes.count - 1;
	}
	return 0;
}

int
golang_types_open(struct golang_types *types, const struct golang_image *image)
{
	memset(types, 0, sizeof *types);
	types->memory = image->memory;
	types->image = image;
	for (uint64_t at = image->types; at < image->types_end && !golang_tick(image->deadline);
	     at += 8) {
		struct golang_map_type map, *kept;
		if (!read_map_type(types, at, &map))
			continue;
		types->is_cut = types->maps.count == MAP_TYPES_MAX;
		if (types->is_cut)
			break;
		kept = array_add(&types->maps, sizeof map, 1);
		if (!kept)
			return -1;
		*kept = map;
	}
	array_sort(&types->maps, sizeof(struct golang_map_type), compare_maps);
	return group_shapes(types);
}

void
golang_types_close(struct golang_types *types)
{
	array_release(&types->maps);
	array_release(&types->shapes);
}
