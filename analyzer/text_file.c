/*
 * Whole text files in memory. The limit is the reader's protection: a path may name a device or a
 * pipe that never ends.
 */
#include "analyzer/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char *
read_stream(FILE *file, size_t limit, size_t *size)
{
	size_t capacity = 4096, have = 0;
	char *text = malloc(capacity + 1), *grown;

	while (text) {
		have += fread(text + have, 1, capacity - have, file);
		if (have < capacity || have > limit)
			break;
		grown = realloc(text, capacity * 2 + 1);
		if (!grown)
			goto failed;
		text = grown;
		capacity *= 2;
	}
	if (!text || ferror(file))
		goto failed;
	if (have > limit) {
		errno = EFBIG;
		goto failed;
	}
	text[have] = '\0';
	*size = have;
	return text;
failed:
	free(text);
	return NULL;
}

char *
text_file_read(const char *path, size_t limit, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text;
	int why;

	if (!file)
		return NULL;
	text = read_stream(file, limit, size);
	why = errno;
	fclose(file);
	errno = why;
	return text;
}
