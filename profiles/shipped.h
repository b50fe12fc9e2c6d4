/* The profiles that come with maptrace; made from shipped/ while it is built (embed/). */
#ifndef PROFILES_SHIPPED_H
#define PROFILES_SHIPPED_H

#include "profiles/profile.h"

/* The texts of the shipped profiles, in the library and the analyzer. */
struct profile_source {
	const char *name; /* "gohmap" */
	const char *text;
	size_t size;
};
extern const struct profile_source profiles_shipped[];
extern const size_t profiles_shipped_count;

/* The same, compiled while the library was built; in the library only. */
extern const struct profile *const profiles_compiled[];

#endif
