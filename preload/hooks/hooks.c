/*
 * The malloc family as the guest sees it. Each entry point does what it would have done without us,
 * through the next definition, and tells record.c.
 *
 *     guest --> malloc (here) --> next malloc --> record_allocation --> guest
 *     guest --> free   (here) --> record_free --> next free --> guest
 *
 * Rules: what comes back is what the next definition gave, errno included; a block of the boot
 * arena never reaches the next allocator.
 */
#include "preload/hooks/hooks.h"

#include "preload/hooks/boot.h"
#include "preload/hooks/real.h"
#include "preload/hooks/straight.h"
#include "preload/process/tracer.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

__attribute__((constructor)) static void
hooks_start(void)
{
	if (real_is_ready())
		tracer_start();
}

/* After an allocation of `size` bytes, whatever became of it. */
static inline void *
hooks_allocated(void *block, size_t size, const struct caller *caller)
{
	if (block)
		record_allocation(block, size, caller);
	return block;
}

/* Before a free; false: there is nothing to free. */
static inline __attribute__((always_inline)) bool
hooks_freeing(void *block, uint64_t here)
{
	if (!record_is_passing(block))
		return straight_free(block, here);
	record_passed();
	return true;
}

EXPORT void *
malloc(size_t size)
{
	void *block;

	if (!real_is_ready())
		return boot_allocate(0, size);
	block = real.malloc(size);
	if (block)
		straight_allocate(block, size, CALLER);
	return block;
}

EXPORT void *
calloc(size_t count, size_t size)
{
	size_t bytes;

	if (real_is_ready())
		return hooks_allocated(real.calloc(count, size), count * size, CALLER_HERE);
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return boot_allocate(0, bytes);
}

/* A boot block that grows or shrinks becomes an ordinary one. */
static __attribute__((noinline)) void *
hooks_realloc_boot(void *block, size_t size, const struct caller *caller)
{
	size_t old = boot_size(block);
	void *moved;

	if (real_is_ready())
		moved = hooks_allocated(real.malloc(size), size, caller);
	else
		moved = boot_allocate(0, size);
	if (!moved)
		return NULL;
	memcpy(moved, block, old < size ? old : size);
	boot_free(block);
	return moved;
}

/* realloc(block, 0) frees and returns NULL in glibc, and makes a small block elsewhere: a NULL with
 * ENOMEM alone is a failure. */
static __attribute__((noinline)) void *
hooks_realloc(void *block, size_t size, const struct caller *caller)
{
	struct record_move move;
	int before = errno;
	void *result;
	bool failed;

	record_move_begin(block, caller, &move);
	errno = 0;
	result = real.realloc(block, size);
	failed = !result && (size || errno == ENOMEM);
	if (!errno)
		errno = before;
	record_move_end(&move, result, size, failed, caller);
	return result;
}

static inline void *
hooks_resize(void *block, size_t size, const struct caller *caller)
{
	if (!real_is_ready())
		return block ? hooks_realloc_boot(block, size, caller) : boot_allocate(0, size);
	if (!block)
		return hooks_allocated(real.realloc(NULL, size), size, caller);
	if (__builtin_expect(boot_owns(block), 0))
		return hooks_realloc_boot(block, size, caller);
	return hooks_realloc(block, size, caller);
}

EXPORT void *
realloc(void *block, size_t size)
{
	return hooks_resize(block, size, CALLER_HERE);
}

/* glibc's jumps to realloc through its own table; ours does the same, and it is counted once. */
EXPORT void *
reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return hooks_resize(block, bytes, CALLER_HERE);
}

EXPORT void
free(void *block)
{
	if (hooks_freeing(block, CALLER_SP))
		real.free(block);
}

EXPORT void
cfree(void *block)
{
	if (hooks_freeing(block, CALLER_SP))
		real.free(block);
}

EXPORT void
free_sized(void *block, size_t size)
{
	if (hooks_freeing(block, CALLER_SP))
		real.free_sized(block, size);
}

EXPORT void
free_aligned_sized(void *block, size_t alignment, size_t size)
{
	if (hooks_freeing(block, CALLER_SP))
		real.free_aligned_sized(block, alignment, size);
}

EXPORT int
posix_memalign(void **into, size_t alignment, size_t size)
{
	int result;

	if (!real_is_ready()) {
		*into = boot_allocate(alignment, size);
		return *into ? 0 : ENOMEM;
	}
	result = real.posix_memalign(into, alignment, size);
	if (!result)
		hooks_allocated(*into, size, CALLER_HERE);
	return result;
}

EXPORT void *
aligned_alloc(size_t alignment, size_t size)
{
	if (!real_is_ready())
		return boot_allocate(alignment, size);
	return hooks_allocated(real.aligned_alloc(alignment, size), size, CALLER_HERE);
}

EXPORT void *
memalign(size_t alignment, size_t size)
{
	if (!real_is_ready())
		return boot_allocate(alignment, size);
	return hooks_allocated(real.memalign(alignment, size), size, CALLER_HERE);
}

EXPORT void *
valloc(size_t size)
{
	if (!real_is_ready())
		return boot_allocate(4096, size);
	return hooks_allocated(real.valloc(size), size, CALLER_HERE);
}

EXPORT void *
pvalloc(size_t size)
{
	if (!real_is_ready())
		return boot_allocate(4096, size);
	return hooks_allocated(real.pvalloc(size), size, CALLER_HERE);
}

EXPORT size_t
malloc_usable_size(void *block)
{
	if (!block)
		return 0;
	if (__builtin_expect(boot_owns(block), 0))
		return boot_size(block);
	return real_is_ready() ? real.usable_size(block) : 0;
}
