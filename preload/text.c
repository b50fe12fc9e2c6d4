/*
 * Putting sentences together. Called wherever this room has something to say to the user. Rule: no
 * allocation, and a result is always terminated.
 */
#include "preload/text.h"

#include <stdarg.h>
#include <string.h>

char *
text_join(char *into, size_t room, ...)
{
	const char *part;
	size_t used = 0;
	va_list parts;

	va_start(parts, room);
	while ((part = va_arg(parts, const char *))) {
		size_t length = strlen(part);

		if (length > room - 1 - used)
			length = room - 1 - used;
		memcpy(into + used, part, length);
		used += length;
	}
	va_end(parts);
	into[used] = '\0';
	return into;
}

const char *
text_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *
text_number(char into[TEXT_NUMBER_MAX], uint64_t number)
{
	char *start = into + TEXT_NUMBER_MAX - 1;

	*start = '\0';
	do
		*--start = (char)('0' + number % 10);
	while (number /= 10);
	return start;
}
