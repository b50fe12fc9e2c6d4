/*
 * What a Go program says of itself: its release, and where its module data, code and types lie.
 * Sections may be absent and the program may be stripped, linked to run anywhere (PIE) or a shared
 * library: only program headers and the words of its data are used.
 *
 *     ELF header --> segments --> "\xff Go buildinf:" --> release
 *                            \--> word in data that points at a function table --> module data
 */
#ifndef GOLANG_IMAGE_H
#define GOLANG_IMAGE_H

#include "golang/deadline.h"
#include "golang/release.h"

enum { GOLANG_SEGMENTS_MAX = 16 }; /* an image with more is refused */

struct golang_segment {
	uint64_t start, end; /* in memory */
	uint64_t filled;     /* end of what the file holds; zeros at first from here on */
	bool is_writable, is_code;
};

struct golang_image {
	struct memory *memory;
	struct golang_deadline *deadline; /* of all that looks at the image */
	struct golang_segment segments[GOLANG_SEGMENTS_MAX];
	size_t segment_count;
	const char *oddity;   /* why segments were left out; an image of Go's is refused for it */
	uint64_t start, end;  /* of all segments */
	char version[GOLANG_VERSION_MAX];
	const struct golang_release *release;
	uint64_t module;      /* address of the module data */
	/* Of the module data, checked to lie in the image and in order. */
	uint64_t functable;   /* the header of the function table (pclntab) */
	uint64_t names;       /* function names */
	uint64_t functions;   /* function records (pclntable) */
	uint64_t index, index_count; /* of functions by address (ftab) */
	uint64_t text, text_end;
	uint64_t noptr_data, noptr_data_end, data, data_end, bss, bss_end, noptr_bss, noptr_bss_end;
	uint64_t types, types_end;
	bool has_plugins;     /* the module data leads to that of another module */
};

/* Opens the image that `deadline` is for. Returns GOLANG_FOUND, or why not with its reason. */
enum golang_outcome golang_image_open(struct golang_image *image, struct golang_deadline *deadline,
                                      const char **reason);

/* Whether all of it lies in one segment. */
bool golang_image_holds(const struct golang_image *image, uint64_t address, uint64_t size);

#endif
