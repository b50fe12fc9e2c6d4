/*
 * Finding the next definitions. Called by the hooks at their first use, which may be before any
 * constructor has run and is under dlsym itself: what dlsym allocates comes back to the hooks,
 * which ask again, are told "not yet", and take the boot arena.
 *
 * Rule: all entry points come from one allocator. jemalloc has no pvalloc; the next definition of
 * pvalloc is then glibc's, whose blocks jemalloc cannot free. Such an entry point is served through
 * the allocator that owns malloc.
 */
#include "preload/hooks/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REAL_UNKNOWN, REAL_RESOLVING, REAL_READY };

struct real real;
bool real_ready;
static uint32_t state;
static pid_t resolving_thread;

/* The start of the object that defines `code`. */
static const void *
real_owner(const void *code)
{
	struct dl_find_object found;

	if (!code || _dl_find_object((void *)code, &found))
		return NULL;
	return found.dlfo_map_start;
}

/* The next definition of `name` if malloc's own object has it, else NULL. */
static void *
real_sibling(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	return real_owner(found) == real_owner((void *)real.malloc) ? found : NULL;
}

static int
fallback_posix_memalign(void **into, size_t alignment, size_t size)
{
	int before = errno;
	void *block;

	if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
		return EINVAL;
	block = real.memalign ? real.memalign(alignment, size)
	                      : real.aligned_alloc(alignment, size);
	errno = before;
	if (!block)
		return ENOMEM;
	*into = block;
	return 0;
}

static void *
fallback_memalign(size_t alignment, size_t size)
{
	void *block = NULL;
	int result;

	if (alignment < sizeof(void *))
		alignment = sizeof(void *);
	result = real.posix_memalign(&block, alignment, size);
	if (result)
		errno = result;
	return result ? NULL : block;
}

static void *
fallback_valloc(size_t size)
{
	return real.memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

static void *
fallback_pvalloc(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (size > SIZE_MAX - page) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + page - 1) & ~(page - 1);
	return real.memalign(page, size ? size : page);
}

static size_t
fallback_usable_size(void *block)
{
	return 0; /* what glibc says of no block: "no more than was asked for" cannot be told */
}

static void
fallback_free_sized(void *block, size_t size)
{
	real.free(block);
}

static void
fallback_free_aligned_sized(void *block, size_t alignment, size_t size)
{
	real.free(block);
}

static void
real_look_up(void)
{
	real.malloc = dlsym(RTLD_NEXT, "malloc");
	real.calloc = dlsym(RTLD_NEXT, "calloc");
	real.realloc = dlsym(RTLD_NEXT, "realloc");
	real.free = dlsym(RTLD_NEXT, "free");
	real.usable_size = real_sibling("malloc_usable_size");
	real.posix_memalign = real_sibling("posix_memalign");
	real.aligned_alloc = real_sibling("aligned_alloc");
	real.memalign = real_sibling("memalign");
	real.valloc = real_sibling("valloc");
	real.pvalloc = real_sibling("pvalloc");
	real.free_sized = real_sibling("free_sized");
	real.free_aligned_sized = real_sibling("free_aligned_sized");
}

static void
real_fill_gaps(void)
{
	if (!real.posix_memalign && !real.memalign && !real.aligned_alloc) {
		/* An allocator of malloc and free alone: glibc serves the rest, as without us. */
		real.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
		real.memalign = dlsym(RTLD_NEXT, "memalign");
		real.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	}
	if (!real.posix_memalign)
		real.posix_memalign = fallback_posix_memalign;
	if (!real.memalign)
		real.memalign = real.aligned_alloc ? real.aligned_alloc : fallback_memalign;
	if (!real.aligned_alloc)
		real.aligned_alloc = real.memalign;
	if (!real.valloc)
		real.valloc = fallback_valloc;
	if (!real.pvalloc)
		real.pvalloc = fallback_pvalloc;
	if (!real.usable_size)
		real.usable_size = fallback_usable_size;
	if (!real.free_sized)
		real.free_sized = fallback_free_sized;
	if (!real.free_aligned_sized)
		real.free_aligned_sized = fallback_free_aligned_sized;
}

bool
real_resolve(void)
{
	uint32_t expected = REAL_UNKNOWN;

	if (!__atomic_compare_exchange_n(&state, &expected, REAL_RESOLVING, false,
	                                 __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		while (expected == REAL_RESOLVING &&
		       __atomic_load_n(&resolving_thread, __ATOMIC_RELAXED) != gettid()) {
			sched_yield();
			expected = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
		}
		return expected == REAL_READY;
	}
	__atomic_store_n(&resolving_thread, gettid(), __ATOMIC_RELAXED);
	real_look_up();
	real_fill_gaps();
	__atomic_store_n(&state, REAL_READY, __ATOMIC_RELEASE);
	__atomic_store_n(&real_ready, true, __ATOMIC_RELEASE);
	return true;
}

/* Keeps the object that defines `found` loaded for ever. */
static void
real_pin(const void *found)
{
	Dl_info info;

	if (dladdr(found, &info) && info.dli_fname)
		dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

void *
real_operator(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

void *
real_operator_of(const char *name, const void *caller)
{
	void *found, *module = NULL;
	Dl_info info;

	if (!dladdr1(caller, &info, &module, RTLD_DL_LINKMAP) || !module)
		return NULL;
	found = dlsym(module, name); /* a link map is a handle, in glibc */
	if (!found || real_owner(found) == real_owner((void *)real_operator_of))
		return NULL;
	if (real_owner(found) != real_owner(caller))
		real_pin(found);
	return found;
}
