/* The program headers of what the loader has mapped, in memory, found without its locks. */
#ifndef PRELOAD_UNWIND_OBJECT_H
#define PRELOAD_UNWIND_OBJECT_H

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

/* Where the object that holds `at` was mapped; 0 bytes at 0: the loader knows none. */
void object_find(const void *at, uint64_t *start, uint64_t *size);

/* The same of the dynamic linker. What it exports may be defined by libc, as _dl_find_object is. */
void object_find_loader(uint64_t *start, uint64_t *size);

/* NULL: they are not where they can be found. */
const ElfW(Phdr) *object_headers(const struct dl_find_object *object, size_t *count);

/* Where the object's ELF header lies in memory; NULL: it is not mapped. */
const void *object_start(const struct dl_find_object *object);

#endif
