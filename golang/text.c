/* The texts of a result: one row of bytes, each text terminated, equal ones kept once as far as the
 * last few show. Where memory is refused a text is cut short, never wrong. */
#include "golang/state.h"

#include <string.h>

enum { RECENT_BYTES = 1 << 14, TEXTS_MAX = 1 << 28 };

static void
add_bytes(struct golang_state *state, const char *bytes, size_t size)
{
	char *at = state->texts.count + size < TEXTS_MAX ? array_add(&state->texts, 1, size) : NULL;
	if (at)
		memcpy(at, bytes, size);
}

void
golang_text_add(struct golang_state *state, const char *text)
{
	add_bytes(state, text, strlen(text));
}

void
golang_text_number(struct golang_state *state, uint64_t number, unsigned base)
{
	char digits[24], *at = digits + sizeof digits;
	*--at = '\0';
	do
		*--at = "0123456789abcdef"[number % base];
	while (number /= base);
	if (base == 16)
		golang_text_add(state, "0x");
	golang_text_add(state, at);
}

uint32_t
golang_text_end(struct golang_state *state, size_t start)
{
	if (state->texts.count == start || state->texts.count + 1 >= TEXTS_MAX) {
		state->texts.count = start;
		return 0;
	}
	add_bytes(state, "", 1);
	const char *texts = state->texts.at;
	size_t size = state->texts.count - start;
	size_t first = start > RECENT_BYTES ? start - RECENT_BYTES : 0;
	for (size_t i = first; i + size <= start; i++)
		if ((i == 0 || texts[i - 1] == '\0') && !memcmp(texts + i, texts + start, size)) {
			state->texts.count = start;
			return (uint32_t)i;
		}
	return (uint32_t)start;
}
