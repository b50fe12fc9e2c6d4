/*
 * A libgcc_s.so.1 that lies about one frame in a hundred: what the checking mode must see. Found by
 * LD_LIBRARY_PATH, in programs that are not linked with the real one.
 */
#include <dlfcn.h>
#include <stdint.h>

enum { TRUTHS = 100 };

static void *
real(const char *name)
{
	static void *handle;
	if (!handle)
		handle = dlopen(REAL_LIBGCC, RTLD_NOW | RTLD_LOCAL);
	return dlsym(handle, name);
}

int _Unwind_Backtrace(int (*visit)(void *frame, void *context), void *context);
uintptr_t _Unwind_GetIP(void *frame);
const void *_Unwind_Find_FDE(void *pc, void *bases[3]);

int
_Unwind_Backtrace(int (*visit)(void *frame, void *context), void *context)
{
	static int (*next)(int (*)(void *, void *), void *);
	if (!next)
		*(void **)&next = real("_Unwind_Backtrace");
	return next(visit, context);
}

uintptr_t
_Unwind_GetIP(void *frame)
{
	static uintptr_t (*next)(void *);
	static unsigned asked;
	if (!next)
		*(void **)&next = real("_Unwind_GetIP");
	return next(frame) + (++asked % TRUTHS == 0);
}

const void *
_Unwind_Find_FDE(void *pc, void *bases[3])
{
	static const void *(*next)(void *, void *[3]);
	if (!next)
		*(void **)&next = real("_Unwind_Find_FDE");
	return next(pc, bases);
}
