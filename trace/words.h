/*
 * The texts of a snapshot's maps: names, types, places. Called by who writes a snapshot's rows,
 * before it writes the maps that have texts: inside the guest and in the analyzer, so by the rules
 * of writer.h.
 *
 *     WORDS   | 0 | s e s s i o n s 0 | m a p [ i n t ] s t r i n g 0 | ...
 *                   ^ map.name = 1      ^ map.type = 10, of as many maps as there are
 *
 * A snapshot without texts has no chunk of them.
 */
#ifndef TRACE_WORDS_H
#define TRACE_WORDS_H

#include "trace/writer.h"

enum { TRACE_WORDS_RECENT = 256 };

struct trace_words {
	struct trace_writer *writer;
	struct trace_table table;
	uint32_t recent[TRACE_WORDS_RECENT]; /* by hash: where a text begins, or 0 */
};

/* For the snapshot with this index. Returns 0, or -1 with errno. */
int trace_words_begin(struct trace_words *words, struct trace_writer *writer, uint32_t snapshot);

/* Where this text begins from now on; 0 for NULL and the empty text. What was put lately is not put
 * twice. TRACE_NONE with errno when there is no room. */
uint32_t trace_words_put(struct trace_words *words, const char *text);

/* Tells how many bytes there are (trace_snapshot.words) and forgets the table. */
void trace_words_end(struct trace_words *words, uint32_t *told);

#endif
