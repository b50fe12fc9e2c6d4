/*
 * Called by tracer.c at start. The loader resolves these names while it loads us, where the program
 * or a runtime beside it defines them: nothing need be called, and no file looked into. Those of
 * leaks and of undefined behaviour alone leave malloc to be traced.
 */
#include "preload/process/sanitizer.h"

#include <stddef.h>

#define RUNTIME(symbol) __asm__(symbol) __attribute__((weak))

extern char address_runtime[] RUNTIME("__asan_init");
extern char hardware_runtime[] RUNTIME("__hwasan_init");
extern char memory_runtime[] RUNTIME("__msan_init");
extern char thread_runtime[] RUNTIME("__tsan_init");

const char *
sanitizer_name(void)
{
	const struct { const char *start, *name; } runtimes[] = {
		{ address_runtime, "AddressSanitizer" },
		{ hardware_runtime, "HWAddressSanitizer" },
		{ memory_runtime, "MemorySanitizer" },
		{ thread_runtime, "ThreadSanitizer" },
	};

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++)
		if (runtimes[i].start)
			return runtimes[i].name;
	return NULL;
}
