/*
 * C++'s operators, forwarded to the next definition: libstdc++'s, which calls malloc, or one of an
 * allocator that has its own (jemalloc, tcmalloc), or of another C++ runtime.
 *
 *     operator new --> next operator new --> (malloc, recorded there) --> if not, recorded here
 *     operator delete, recorded here --> next operator delete --> (free, which lets it pass)
 *
 * So what counts is the size that malloc was asked for: of libstdc++'s new of 0 bytes it is 1. The
 * next definition may throw bad_alloc, which passes through these frames: rule: nothing is held,
 * and nobody is inside the library, across it. C has no handlers to run; the compiler's unwind
 * tables suffice.
 */
#include "preload/hooks/operators.h"

#include "preload/hooks/boot.h"
#include "preload/hooks/real.h"
#include "preload/hooks/record.h"
#include "preload/lock.h"
#include "preload/process/tracer.h"
#include "preload/thread.h"

#include <dlfcn.h>

#define EXPORT __attribute__((visibility("default")))

enum operator_form {
	NEW, NEW_ARRAY, NEW_NOTHROW, NEW_ARRAY_NOTHROW, NEW_ALIGNED, NEW_ARRAY_ALIGNED,
	NEW_ALIGNED_NOTHROW, NEW_ARRAY_ALIGNED_NOTHROW, DELETE, DELETE_ARRAY, DELETE_SIZED,
	DELETE_ARRAY_SIZED, DELETE_NOTHROW, DELETE_ARRAY_NOTHROW, DELETE_ALIGNED,
	DELETE_ARRAY_ALIGNED, DELETE_SIZED_ALIGNED, DELETE_ARRAY_SIZED_ALIGNED,
	DELETE_ALIGNED_NOTHROW, DELETE_ARRAY_ALIGNED_NOTHROW, OPERATOR_FORMS
};

static const char *const names[OPERATOR_FORMS] = {
	"_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t",
	"_ZnamSt11align_val_t", "_ZnwmSt11align_val_tRKSt9nothrow_t",
	"_ZnamSt11align_val_tRKSt9nothrow_t", "_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm",
	"_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t", "_ZdlPvSt11align_val_t",
	"_ZdaPvSt11align_val_t", "_ZdlPvmSt11align_val_t", "_ZdaPvmSt11align_val_t",
	"_ZdlPvSt11align_val_tRKSt9nothrow_t", "_ZdaPvSt11align_val_tRKSt9nothrow_t",
};

static void *next[OPERATOR_FORMS]; /* of the global scope */

/* Of modules that have a C++ runtime of their own; by where the module lies and what it is. */
enum { LOCALS_MAX = 256 };
static struct local {
	enum operator_form form;
	struct dl_find_object module;
	void *found;
} locals[LOCALS_MAX];
static uint32_t local_count, locals_lock;

/* The next definition has up to three arguments, all in registers: asking for three passes those
 * that it takes. */
typedef void *operator_function(size_t first, size_t second, size_t third);

static void *
operator_find_local(enum operator_form form, const struct dl_find_object *module)
{
	uint32_t count = __atomic_load_n(&local_count, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < count; i++) {
		if (locals[i].form == form &&
		    locals[i].module.dlfo_map_start == module->dlfo_map_start &&
		    locals[i].module.dlfo_eh_frame == module->dlfo_eh_frame &&
		    locals[i].module.dlfo_link_map == module->dlfo_link_map)
			return locals[i].found;
	}
	return NULL;
}

/* Who finds the lock taken looks it up again the next time: in a forked child it may stay taken. */
static void
operator_keep_local(enum operator_form form, const struct dl_find_object *module, void *found)
{
	if (!lock_try(&locals_lock))
		return;
	if (local_count < LOCALS_MAX) {
		locals[local_count] = (struct local){ form, *module, found };
		__atomic_store_n(&local_count, local_count + 1, __ATOMIC_RELEASE);
	}
	lock_release(&locals_lock);
}

static void *
operator_look_up(enum operator_form form, const void *caller,
                 const struct dl_find_object *module)
{
	void *found = real_operator(names[form]);

	if (found) {
		__atomic_store_n(&next[form], found, __ATOMIC_RELEASE);
		return found;
	}
	found = module ? real_operator_of(names[form], caller) : NULL;
	if (found)
		operator_keep_local(form, module, found);
	return found;
}

/* What dlsym allocates is not the guest's. */
static __attribute__((noinline)) operator_function *
operator_of_caller(enum operator_form form, const void *caller)
{
	struct dl_find_object module;
	bool has_module = !_dl_find_object((void *)caller, &module);
	void *found = has_module ? operator_find_local(form, &module) : NULL;
	struct thread *thread;

	if (found)
		return (operator_function *)found;
	thread = thread_enter();
	if (thread)
		thread->is_calling_out = true;
	found = operator_look_up(form, caller, has_module ? &module : NULL);
	if (thread)
		thread_leave(thread);
	return (operator_function *)found;
}

static inline operator_function *
operator_next(enum operator_form form, const void *caller)
{
	void *found = __atomic_load_n(&next[form], __ATOMIC_ACQUIRE);

	if (__builtin_expect(found != NULL, 1))
		return (operator_function *)found;
	return operator_of_caller(form, caller);
}

/* Without a C++ runtime there is no one to throw; such a caller gets what malloc gives. */
static void *
operator_new_plain(size_t size, size_t alignment)
{
	if (!real_is_ready())
		return boot_allocate(alignment, size);
	return alignment ? real.memalign(alignment, size) : real.malloc(size);
}

/* A frame of its own would be one more to walk at every event. */
static inline __attribute__((always_inline)) void *
operator_new(enum operator_form form, size_t size, size_t second, size_t third, size_t alignment,
             const struct caller *caller)
{
	operator_function *function = operator_next(form, (void *)caller->pc);
	void *block;

	record_call_allocator();
	block = function ? function(size, second, third) : operator_new_plain(size, alignment);
	if (block && !record_has_allocation(block))
		record_allocation(block, size, caller);
	return block;
}

static inline void
operator_forward(enum operator_form form, void *block, size_t second, size_t third,
                 const void *caller)
{
	operator_function *function = operator_next(form, caller);

	if (function)
		function((size_t)block, second, third);
	else
		real.free(block);
}

static inline __attribute__((always_inline)) void
operator_delete(enum operator_form form, void *block, size_t second, size_t third)
{
	const void *caller = __builtin_return_address(0); /* of what this is inlined into */

	if (record_is_passing(block)) {
		operator_forward(form, block, second, third, caller);
	} else if (record_free(block, CALLER_SP)) {
		record_pass(block);
		operator_forward(form, block, second, third, caller);
		record_passed();
	}
}

EXPORT void *
_Znwm(size_t size)
{
	return operator_new(NEW, size, 0, 0, 0, CALLER_HERE);
}

EXPORT void *
_Znam(size_t size)
{
	return operator_new(NEW_ARRAY, size, 0, 0, 0, CALLER_HERE);
}

EXPORT void *
_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
	return operator_new(NEW_NOTHROW, size, (size_t)nothrow, 0, 0, CALLER_HERE);
}

EXPORT void *
_ZnamRKSt9nothrow_t(size_t size, const void *nothrow)
{
	return operator_new(NEW_ARRAY_NOTHROW, size, (size_t)nothrow, 0, 0, CALLER_HERE);
}

EXPORT void *
_ZnwmSt11align_val_t(size_t size, size_t alignment)
{
	return operator_new(NEW_ALIGNED, size, alignment, 0, alignment, CALLER_HERE);
}

EXPORT void *
_ZnamSt11align_val_t(size_t size, size_t alignment)
{
	return operator_new(NEW_ARRAY_ALIGNED, size, alignment, 0, alignment, CALLER_HERE);
}

EXPORT void *
_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow)
{
	return operator_new(NEW_ALIGNED_NOTHROW, size, alignment, (size_t)nothrow, alignment,
	                    CALLER_HERE);
}

EXPORT void *
_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow)
{
	return operator_new(NEW_ARRAY_ALIGNED_NOTHROW, size, alignment, (size_t)nothrow, alignment,
	                    CALLER_HERE);
}

EXPORT void
_ZdlPv(void *block)
{
	operator_delete(DELETE, block, 0, 0);
}

EXPORT void
_ZdaPv(void *block)
{
	operator_delete(DELETE_ARRAY, block, 0, 0);
}

EXPORT void
_ZdlPvm(void *block, size_t size)
{
	operator_delete(DELETE_SIZED, block, size, 0);
}

EXPORT void
_ZdaPvm(void *block, size_t size)
{
	operator_delete(DELETE_ARRAY_SIZED, block, size, 0);
}

EXPORT void
_ZdlPvRKSt9nothrow_t(void *block, const void *nothrow)
{
	operator_delete(DELETE_NOTHROW, block, (size_t)nothrow, 0);
}

EXPORT void
_ZdaPvRKSt9nothrow_t(void *block, const void *nothrow)
{
	operator_delete(DELETE_ARRAY_NOTHROW, block, (size_t)nothrow, 0);
}

EXPORT void
_ZdlPvSt11align_val_t(void *block, size_t alignment)
{
	operator_delete(DELETE_ALIGNED, block, alignment, 0);
}

EXPORT void
_ZdaPvSt11align_val_t(void *block, size_t alignment)
{
	operator_delete(DELETE_ARRAY_ALIGNED, block, alignment, 0);
}

EXPORT void
_ZdlPvmSt11align_val_t(void *block, size_t size, size_t alignment)
{
	operator_delete(DELETE_SIZED_ALIGNED, block, size, alignment);
}

EXPORT void
_ZdaPvmSt11align_val_t(void *block, size_t size, size_t alignment)
{
	operator_delete(DELETE_ARRAY_SIZED_ALIGNED, block, size, alignment);
}

EXPORT void
_ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t alignment, const void *nothrow)
{
	operator_delete(DELETE_ALIGNED_NOTHROW, block, alignment, (size_t)nothrow);
}

EXPORT void
_ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t alignment, const void *nothrow)
{
	operator_delete(DELETE_ARRAY_ALIGNED_NOTHROW, block, alignment, (size_t)nothrow);
}
