/* For code that every event runs. */
#ifndef PRELOAD_HOLD_H
#define PRELOAD_HOLD_H

/* A pointer, not NULL, is what the compiler has in a register from here on: else it finds the place
 * anew for each field that it reads. */
#define HOLD(pointer)                                                                              \
	do {                                                                                       \
		__asm__("" : "+r"(pointer));                                                       \
		if (!(pointer))                                                                    \
			__builtin_unreachable();                                                   \
	} while (0)

/* Of a variable that is declared in a header: it is this library's own, and read where it lies.
 * Else its address is asked for first, since any module might have one of this name. */
#define OWN __attribute__((visibility("hidden")))

#endif
