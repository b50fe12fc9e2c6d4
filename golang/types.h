/*
 * The types of a Go program, as its own type data has them: names, kinds, and every map type with
 * the layout of its buckets (classic) or groups (Swiss), called groups here.
 *
 *     classic group:   | 8 top bytes     | 8 keys | 8 values | overflow pointer |
 *     Swiss group:     | 8 control bytes | key, value | key, value | ...  8 times |
 *
 * Map types whose groups are alike share a shape: the same size, pointers or none. A map is first
 * proved to have a shape; which of its types it has is typing.c's question.
 */
#ifndef GOLANG_TYPES_H
#define GOLANG_TYPES_H

#include "finder/array.h"
#include "golang/image.h"

enum { GOLANG_CELLS = 8, GOLANG_WORDS_MAX = 16, GOLANG_INLINE_MAX = 128 };

enum golang_kind {
	GOLANG_BOOL = 1, GOLANG_UINTPTR = 12, GOLANG_ARRAY = 17, GOLANG_CHAN, GOLANG_FUNC,
	GOLANG_INTERFACE, GOLANG_MAP, GOLANG_POINTER, GOLANG_SLICE, GOLANG_STRING, GOLANG_STRUCT,
	GOLANG_UNSAFE_POINTER, GOLANG_KINDS,
};

/* Any type. */
struct golang_type {
	uint64_t address, size, pointer_bytes;
	uint8_t kind;
	bool is_direct; /* an interface holds the value itself, which is a pointer */
};

/* The key or the value in a cell. */
struct golang_part {
	struct golang_type type;
	uint64_t offset, stride; /* of cell i: offset + i * stride in its group */
	uint64_t slot;           /* bytes in the cell: of a pointer where is_indirect */
	bool is_indirect;
	/* Words of the slot that point at blocks, but for maps and channels, which stand for
	 * themselves. */
	uint8_t words[GOLANG_WORDS_MAX];
	uint8_t word_count;
	bool is_cut;             /* not all of them were found: it lies too deep in structs */
};

struct golang_map_type {
	struct golang_type type;
	struct golang_type group;
	struct golang_part key, value;
	uint32_t shape;
};

struct golang_shape {
	uint64_t group_size;
	bool has_pointers;
	uint32_t first, count; /* its map types */
};

struct golang_types {
	struct memory *memory;
	const struct golang_image *image;
	struct array maps;   /* struct golang_map_type, by shape */
	struct array shapes; /* struct golang_shape */
	bool is_cut;         /* there are more map types than are read */
};

/* Collects the map types. Returns 0, or -1 with errno. Close in both cases. */
int golang_types_open(struct golang_types *types, const struct golang_image *image);
void golang_types_close(struct golang_types *types);

/* The type at `address`; false if there is none that makes sense. */
bool golang_type_read(const struct golang_types *types, uint64_t address, struct golang_type *type);

/* Its element: of an array, a pointer, a slice, a channel. */
bool golang_type_element(const struct golang_types *types, const struct golang_type *type,
                         struct golang_type *element);
uint64_t golang_type_length(const struct golang_types *types, const struct golang_type *array);

/* Field `i` of a struct and its offset; false past the last. */
bool golang_type_field(const struct golang_types *types, const struct golang_type *type, uint64_t i,
                       struct golang_type *field, uint64_t *offset);

/* Its name, terminated; one that does not fit ends in dots. Returns its length. */
size_t golang_type_name(const struct golang_types *types, const struct golang_type *type,
                        char *into, size_t size);

#endif
