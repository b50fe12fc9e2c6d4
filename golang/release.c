/*
 * The table of Go releases and the gate in front of it. Offsets are those of the runtime's own
 * structs on 64-bit machines: mspan and moduledata. They were read from the sources of 1.19 and
 * 1.26 and proved on real programs of each release from 1.19 to 1.26 (tests/e2e/test_go_real.py).
 *
 * What must never break: a name that this file does not know has no row.
 */
#include "golang/release.h"

#include <string.h>

const char golang_releases[] = "1.19 to 1.26";

/* mspan of 1.19 and 1.20, of 1.21, which can pin objects, and from 1.22 on, where objects are
 * counted in 16 bits. */
#define SPAN_WIDE                                                                                  \
	{                                                                                          \
		.free_index = 48, .free_index_size = 8, .objects = 56, .objects_size = 8,          \
		.allocated = 72, .span_class = 98, .state = 99, .object_size = 104,                \
		.specials = 128,                                                                   \
	}
#define SPAN_PINNED                                                                                \
	{                                                                                          \
		.free_index = 48, .free_index_size = 8, .objects = 56, .objects_size = 8,          \
		.allocated = 72, .span_class = 106, .state = 107, .object_size = 112,              \
		.specials = 136,                                                                   \
	}
#define SPAN_NARROW                                                                                \
	{                                                                                          \
		.free_index = 48, .free_index_size = 2, .objects = 50, .objects_size = 2,          \
		.allocated = 64, .span_class = 98, .state = 99, .object_size = 104,                \
		.specials = 128, .large_type = 152,                                                \
	}

static const struct golang_release releases[] = {
	{.first = 19, .last = 19, .functable_magic = 0xfffffff0,
	 .types = 280, .types_end = 288, .span = SPAN_WIDE},
	{.first = 20, .last = 20, .functable_magic = 0xfffffff1,
	 .types = 296, .types_end = 304, .span = SPAN_WIDE},
	{.first = 21, .last = 21, .functable_magic = 0xfffffff1,
	 .types = 296, .types_end = 304, .span = SPAN_PINNED},
	{.first = 22, .last = 23, .functable_magic = 0xfffffff1,
	 .types = 296, .types_end = 304, .span = SPAN_NARROW, .has_type_headers = true},
	{.first = 24, .last = 26, .functable_magic = 0xfffffff1,
	 .types = 296, .types_end = 304, .span = SPAN_NARROW, .has_type_headers = true,
	 .is_swiss = true},
};

/* The digits at `*text`, at most four of them; false where there are none. */
static bool
take_number(const char **text, unsigned *number)
{
	size_t digits = strspn(*text, "0123456789");
	*number = 0;
	if (digits == 0 || digits > 4)
		return false;
	while (digits--)
		*number = *number * 10 + (unsigned)(*(*text)++ - '0');
	return true;
}

bool
golang_release_is_name(const char *text, size_t size)
{
	return size > 4 && size < 48 && !memcmp(text, "go1.", 4) && text[4] >= '1' &&
	       text[4] <= '9';
}

/* An experiment named behind the version may change the map: GOEXPERIMENT=noswissmap does. */
static bool
changes_maps(const char *rest)
{
	return strstr(rest, "swissmap") || strstr(rest, "arena");
}

const struct golang_release *
golang_release_of(const char *version, const char **reason)
{
	const char *rest = version;
	unsigned minor;
	*reason = "this release of Go is not known to this maptrace";
	if (!strncmp(version, "devel", 5)) {
		*reason = "a development version of Go: its layout has no release to go by";
		return NULL;
	}
	if (strncmp(rest, "go1.", 4))
		return NULL;
	rest += 4;
	if (!take_number(&rest, &minor))
		return NULL;
	if (changes_maps(rest)) {
		*reason = "built with a GOEXPERIMENT that changes maps or the heap";
		return NULL;
	}
	for (size_t i = 0; i < sizeof releases / sizeof *releases; i++)
		if (minor >= releases[i].first && minor <= releases[i].last)
			return &releases[i];
	return NULL;
}
