/* Programs that a compiler's sanitizer watches. */
#ifndef PRELOAD_PROCESS_SANITIZER_H
#define PRELOAD_PROCESS_SANITIZER_H

/* The name of the sanitizer in this process whose own allocator stands in for libc's, so that there
 * is nothing to trace; NULL: none. */
const char *sanitizer_name(void);

#endif
