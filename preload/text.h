/* Sentences and paths from parts, without stdio. */
#ifndef PRELOAD_TEXT_H
#define PRELOAD_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TEXT_NUMBER_MAX = 24 };

/* Joins strings up to a NULL, cut to fit, terminated. Returns `into`. */
char *text_join(char *into, size_t room, ...) __attribute__((sentinel));

/* The last part of a path. Not libc's basename: programs define functions of that name. */
const char *text_file_name(const char *path);

/* Decimal; returns where it starts within `into`. */
char *text_number(char into[TEXT_NUMBER_MAX], uint64_t number);

#endif
