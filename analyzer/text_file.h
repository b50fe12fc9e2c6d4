/* Reads the text files that a user writes for the analyzer: profiles and lists of accepted maps. */
#ifndef ANALYZER_TEXT_FILE_H
#define ANALYZER_TEXT_FILE_H

#include <stddef.h>

/* The whole of a file (or pipe), a zero byte behind it. NULL with errno; EFBIG where it has more
 * than `limit` bytes. free() it. */
char *text_file_read(const char *path, size_t limit, size_t *size);

#endif
