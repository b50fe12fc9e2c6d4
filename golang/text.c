/* The texts of a result: one row of bytes, each text terminated, equal ones kept once, as
 * far as an index with one place for each hash shows. Where there is no room a text is cut short,
 * never wrong, and the result says so. */
#include "golang/state.h"

#include <string.h>

enum { INDEX_SIZE = 1 << 16, TEXTS_MAX = 1 << 28 };

static void
add_bytes(struct golang_state *state, const char *bytes, size_t size)
{
	char *at = state->texts.count + size < TEXTS_MAX ? array_add(&state->texts, 1, size) : NULL;
	state->is_room_cut |= !at;
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

static uint32_t
hash_text(const char *text, size_t size)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

/* Where an equal text stands that was written before, or `start`. */
static size_t
earlier(struct golang_state *state, size_t start, size_t size)
{
	const char *texts = state->texts.at;
	uint32_t *slot;
	if (!state->text_index)
		state->text_index = array_map(INDEX_SIZE * sizeof *state->text_index);
	if (!state->text_index)
		return start;
	slot = &state->text_index[hash_text(texts + start, size) % INDEX_SIZE];
	if (*slot && size <= start - *slot && !memcmp(texts + *slot, texts + start, size))
		return *slot;
	*slot = (uint32_t)start;
	return start;
}

uint32_t
golang_text_end(struct golang_state *state, size_t start)
{
	bool has_room = state->texts.count + 1 < TEXTS_MAX;
	state->is_room_cut |= !has_room;
	if (state->texts.count == start || !has_room) {
		state->texts.count = start;
		return 0;
	}
	add_bytes(state, "", 1);
	size_t stands = earlier(state, start, state->texts.count - start);
	if (stands != start)
		state->texts.count = start;
	return (uint32_t)stands;
}
