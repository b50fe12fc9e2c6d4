/*
 * C++ and Rust names that fit a line. Called by the text writer; JSON has the whole name.
 *
 *     std::_Hashtable<int, std::pair<int const, long>, ...>::_M_rehash(unsigned long)
 *     std::_Hashtable<...>::_M_rehash(...)
 */
#include "analyzer/symbols.h"

#include "analyzer/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the bracket at `at` belongs to an operator's name or an arrow and opens nothing. */
static bool
is_operator(const char *name, size_t at)
{
	static const char word[] = "operator";
	size_t start = at;

	while (start > 0 && strchr("<>=-(", name[start - 1]))
		start--;
	return (start >= sizeof word - 1 &&
	        strncmp(name + start - (sizeof word - 1), word, sizeof word - 1) == 0) ||
	       (name[at] == '>' && at > 0 && name[at - 1] == '-');
}

/* Position of the bracket that closes the one at `open`, or 0. */
static size_t
closing(const char *name, size_t open)
{
	char opens = name[open], closes = opens == '<' ? '>' : ')';
	size_t depth = 0;

	for (size_t i = open; name[i]; i++) {
		if (name[i] == opens && !is_operator(name, i))
			depth++;
		else if (name[i] == closes && !is_operator(name, i) && --depth == 0)
			return i;
	}
	return 0;
}

/* Replaces in place what stands between outermost `open` and its closing bracket by dots, the
 * longest first, until the name fits. A first character that is a bracket is the name itself. */
static void
elide(char *name, char open, size_t width)
{
	while (strlen(name) > width) {
		size_t best = 0, best_end = 0;

		for (size_t i = 1; name[i]; i++) {
			size_t end = name[i] == open && !is_operator(name, i) ? closing(name, i) : 0;

			if (end == 0)
				continue;
			if (end - i > 4 && end - i > best_end - best) {
				best = i;
				best_end = end;
			}
			i = end;
		}
		if (best == 0)
			return;
		memcpy(name + best + 1, "...", 3);
		memmove(name + best + 4, name + best_end, strlen(name + best_end) + 1);
	}
}

static bool
continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Keeps both ends, which tell names apart, and never half a UTF-8 character. */
static void
cut_middle(char *name, size_t width)
{
	size_t length = strlen(name), head = (width - 3) / 2, tail = length - (width - 3 - head);

	if (length <= width)
		return;
	while (head > 0 && continues_character(name[head]))
		head--;
	while (name[tail] && continues_character(name[tail]))
		tail++;
	memcpy(name + head, "...", 3);
	memmove(name + head + 3, name + tail, length - tail + 1);
}

void
symbols_shorten(char *into, size_t size, const char *name, size_t width)
{
	size_t room = strlen(name) * 4 + 1;
	char *whole;

	if (room > 65536)
		room = 65536;
	whole = malloc(room);
	if (!whole) {
		units_escape(into, size, name);
		return;
	}
	units_escape(whole, room, name);
	elide(whole, '<', width);
	elide(whole, '(', width);
	cut_middle(whole, width);
	snprintf(into, size, "%s", whole);
	free(whole);
}
