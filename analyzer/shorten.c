/*
 * C++ and Rust names that fit a line. Called by the text writer; JSON has the whole name.
 *
 *     std::_Hashtable<int, std::pair<int const, long>, std::allocator<...>, ...>::_M_rehash(...)
 *     std::_Hashtable<int, std::pair<...>, ...>::_M_rehash(...)
 */
#include "analyzer/symbols.h"

#include "analyzer/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 8192 };

static bool
ends_in_operator(const char *name, size_t length)
{
	static const char word[] = "operator";

	return length >= sizeof word - 1 &&
	       strncmp(name + length - (sizeof word - 1), word, sizeof word - 1) == 0;
}

/* Whether the bracket at `at` belongs to an operator's name or an arrow and opens nothing:
 * operator<, operator>>=, operator->, operator(). */
static bool
is_operator(const char *name, size_t at)
{
	size_t start = at;

	if (name[at] == '(')
		return ends_in_operator(name, at);
	if (name[at] == ')')
		return at > 0 && name[at - 1] == '(' && ends_in_operator(name, at - 1);
	while (start > 0 && strchr("<>=-", name[start - 1]))
		start--;
	return ends_in_operator(name, start) || (name[at] == '>' && at > 0 && name[at - 1] == '-');
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

/* Replaces name[from, to) by dots. */
static void
replace(char *name, size_t from, size_t to)
{
	memcpy(name + from, "...", 3);
	memmove(name + from + 3, name + to, strlen(name + to) + 1);
}

/* The longest bracket at `depth` (0: outermost) whose inside is worth dots. False: there is none.
 */
static bool
longest(const char *name, char open, int depth, size_t *start, size_t *end)
{
	*start = *end = 0;
	for (size_t i = 1; name[i]; i++) {
		size_t close;

		if (name[i] != open || is_operator(name, i))
			continue;
		close = closing(name, i);
		if (close == 0)
			break;   /* not balanced: no name, leave the rest */
		if (depth > 0) { /* one level further in */
			char inside[NAME_MAX_BYTES];
			size_t from, to;

			snprintf(inside, sizeof inside, "%.*s", (int)(close - i), name + i);
			if (longest(inside, open, depth - 1, &from, &to) &&
			    to - from > *end - *start) {
				*start = i + from;
				*end = i + to;
			}
		} else if (close - i > 4 && close - i > *end - *start) {
			*start = i;
			*end = close;
		}
		i = close;
	}
	return *end != 0;
}

/* Where the last argument but dots begins within (start, end): after the comma, or at start + 1. */
static size_t
last_argument(const char *name, size_t start, size_t end)
{
	size_t at = end;
	int depth = 0;

	if (end - start > 5 && strncmp(name + end - 5, ", ...", 5) == 0)
		at = end - 5;
	while (--at > start) {
		depth += name[at] == '>' || name[at] == ')';
		depth -= name[at] == '<' || name[at] == '(';
		if (name[at] == ',' && depth == 0)
			return name[at + 1] == ' ' ? at + 2 : at + 1;
	}
	return start + 1;
}

/* Inner arguments go first, then outer ones from the last to the first: a map's key and value stay
 * longest. A first character that is a bracket is the name itself. */
static void
elide(char *name, char open, size_t width)
{
	size_t start, end;

	while (strlen(name) > width && longest(name, open, 1, &start, &end))
		replace(name, start + 1, end);
	while (strlen(name) > width && longest(name, open, 0, &start, &end))
		replace(name, last_argument(name, start, end), end);
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

	if (room > NAME_MAX_BYTES)
		room = NAME_MAX_BYTES;
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
