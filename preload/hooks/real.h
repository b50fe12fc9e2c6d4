/*
 * The next definitions of the allocator's entry points: those that the guest would have called
 * without this library. glibc, jemalloc, tcmalloc, mimalloc or one of the guest's own.
 */
#ifndef PRELOAD_HOOKS_REAL_H
#define PRELOAD_HOOKS_REAL_H

#include "preload/hold.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct real {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *block, size_t size);
	void (*free)(void *block);
	size_t (*usable_size)(void *block);
	int (*posix_memalign)(void **into, size_t alignment, size_t size);
	void *(*aligned_alloc)(size_t alignment, size_t size);
	void *(*memalign)(size_t alignment, size_t size);
	void *(*valloc)(size_t size);
	void *(*pvalloc)(size_t size);
	void (*free_sized)(void *block, size_t size);
	void (*free_aligned_sized)(void *block, size_t alignment, size_t size);
};

extern OWN struct real real;
extern OWN bool real_ready;

/* False while the definitions are being looked up: the boot arena serves then. */
bool real_resolve(void);

static inline bool
real_is_ready(void)
{
	return __builtin_expect(__atomic_load_n(&real_ready, __ATOMIC_ACQUIRE), 1) ||
	       real_resolve();
}

/* The next definition of a C++ operator in the global scope, for every caller; or NULL. */
void *real_operator(const char *name);

/* The one that only the caller's module knows, where a C++ runtime came with a dlopen of its own or
 * is linked into a plugin; or NULL. One of another module stays loaded. Both take the loader's
 * lock: callers keep what they get. */
void *real_operator_of(const char *name, const void *caller);

#endif
