/* For code that every event runs. */
#ifndef PRELOAD_HOLD_H
#define PRELOAD_HOLD_H

/* A number is what the compiler has in a register from here on, not what it came from. */
#define KEEP(value) __asm__("" : "+r"(value))

/* A pointer, not NULL, is what the compiler has in a register from here on: else it finds the place
 * anew for each field that it reads. */
#define HOLD(pointer)                                                                              \
	do {                                                                                       \
		KEEP(pointer);                                                                     \
		if (!(pointer))                                                                    \
			__builtin_unreachable();                                                   \
	} while (0)

/* Of a variable that is declared in a header: it is this library's own, and read where it lies.
 * Else its address is asked for first, since any module might have one of this name. */
#define OWN __attribute__((visibility("hidden")))

#endif
