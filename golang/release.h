/*
 * Which layouts a Go release has. One row a range of releases, each as far as real programs of it
 * were read; a release without a row is refused by name, since a wrong offset gives wrong numbers.
 */
#ifndef GOLANG_RELEASE_H
#define GOLANG_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct golang_release {
	unsigned first, last;      /* minor numbers: go1.first to go1.last */
	uint32_t functable_magic;
	uint16_t types, types_end; /* offsets in the module data */
	struct golang_span_layout {
		uint16_t free_index, free_index_size;
		uint16_t objects, objects_size;
		uint16_t allocated;    /* pointer to the bits of objects in use */
		uint16_t span_class, state, object_size;
		uint16_t large_type;   /* type of a large object; 0: not kept */
		uint16_t specials;
	} span;
	bool has_type_headers;     /* blocks over 512 bytes with pointers start with their type */
	bool is_swiss;
};

/* The row for a version as build information has it ("go1.22.5", "go1.21rc2", "go1.23.1 X:exp"),
 * or NULL with the reason as static text. */
const struct golang_release *golang_release_of(const char *version, const char **reason);

/* Whether these bytes start like the name of a release: "go1." and a number. */
bool golang_release_is_name(const char *text, size_t size);

#endif
