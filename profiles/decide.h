/*
 * Names against a profile's globs: what wakes it, and the role that a stack gives to a block. Asked
 * by preload/ at the first sight of a module or a stack.
 */
#ifndef PROFILES_DECIDE_H
#define PROFILES_DECIDE_H

#include "profiles/profile.h"

/* Whether a module (path or soname; the last component counts) or a function symbol wakes it. */
bool profile_wakes_for_module(const struct profile *profile, const char *path);
bool profile_wakes_for_symbol(const struct profile *profile, const char *symbol);

/* Whether what a module takes from others wakes it: each pattern of one `wake import` line matches
 * one of the `count` names that `name` gives. */
bool profile_wakes_for_imports(const struct profile *profile,
                               const char *(*name)(const void *context, size_t i),
                               const void *context, size_t count);

/* A frame of a stack as role rules see it. */
struct profile_frame {
	const char *symbol; /* as in the symbol table (mangled), suffixes cut; NULL: anonymous */
	uint32_t module;    /* any number that tells modules apart */
};

struct profile_decision {
	uint8_t role, split_role; /* enum profile_role_kind */
	bool is_transient, is_reserved;
	bool depends_on_size; /* another size could have been decided otherwise */
	uint32_t depth;       /* innermost frames that were looked at; more than there are: one
	                       * more could have been decided otherwise */
	uint32_t split_share, split_whole;
};

/* The role of a block of `size` bytes allocated with these frames (innermost first, allocation
 * functions left out). False: no rule of this profile matches at any size or (depends_on_size) at
 * this one. */
bool profile_decide(const struct profile *profile, const struct profile_frame *frames,
                    size_t count, uint64_t size, struct profile_decision *out);

#endif
