/*
 * A text is appended with its zero as a whole, and before any map that names it is published: so
 * what a map names ends, wherever the writer died.
 */
#include "trace/words.h"

#include <string.h>

int
trace_words_begin(struct trace_words *words, struct trace_writer *writer, uint32_t snapshot)
{
	memset(words->recent, 0, sizeof(words->recent));
	words->writer = writer;
	return trace_table_init(&words->table, TRACE_CHUNK_WORDS, snapshot);
}

/* Texts run across chunks: byte by byte. */
static bool
is_at(const struct trace_table *table, uint32_t start, const char *text)
{
	size_t i = 0;

	do {
		if (*(const char *)trace_table_at(table, start + (uint32_t)i) != text[i])
			return false;
	} while (text[i++]);
	return true;
}

static uint32_t *
slot_of(struct trace_words *words, const char *text)
{
	uint64_t hash = 0;

	for (size_t i = 0; text[i]; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x9e3779b97f4a7c15ull;
	return &words->recent[(hash >> 32) % TRACE_WORDS_RECENT];
}

uint32_t
trace_words_put(struct trace_words *words, const char *text)
{
	uint32_t *slot;
	uint64_t start;

	if (!text || !*text)
		return 0;
	slot = slot_of(words, text);
	if (*slot && is_at(&words->table, *slot, text))
		return *slot;
	if (words->table.count == 0 &&
	    trace_text_append(words->writer, &words->table, "", 1) == TRACE_UNKNOWN)
		return TRACE_NONE;
	start = trace_text_append(words->writer, &words->table, text, strlen(text) + 1);
	if (start == TRACE_UNKNOWN)
		return TRACE_NONE;
	return *slot = (uint32_t)start;
}

void
trace_words_end(struct trace_words *words, uint32_t *told)
{
	__atomic_store_n(told, words->table.count, __ATOMIC_RELEASE);
	trace_table_release(&words->table);
}
