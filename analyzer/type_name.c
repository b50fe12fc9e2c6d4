/*
 * A map's type as a person wrote it, from the class that implements it.
 *
 *     std::_Hashtable<int, std::pair<int const, long>, ..., _Hashtable_traits<false, false, true> >
 *     std::unordered_map<int, long>
 *
 * The rule that must never break: a type that is not understood to its last argument is left as it
 * is. A wrong type is worse than an ugly one.
 */
#include "analyzer/type_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
	const char *text;
	size_t size;
};

enum { ARGUMENTS_MAX = 10 }; /* of std::_Hashtable */

static bool
starts_with(struct part part, const char *start)
{
	return part.size >= strlen(start) && memcmp(part.text, start, strlen(start)) == 0;
}

static bool
is_equal(struct part a, struct part b)
{
	return a.size == b.size && memcmp(a.text, b.text, a.size) == 0;
}

static struct part
trim(struct part part)
{
	while (part.size && part.text[0] == ' ') {
		part.text++;
		part.size--;
	}
	while (part.size && part.text[part.size - 1] == ' ')
		part.size--;
	return part;
}

/* The arguments of `type` between its first < and the > that ends it; 0 where these do not match or
 * there are more than `limit`. */
static size_t
arguments_of(struct part type, struct part *arguments, size_t limit)
{
	const char *open = memchr(type.text, '<', type.size), *end = type.text + type.size;
	const char *start = open ? open + 1 : end;
	size_t depth = 1, count = 0;

	for (const char *at = start; at < end; at++) {
		bool is_arrow = *at == '>' && at[-1] == '-';
		bool closes = (*at == '>' && !is_arrow) || *at == ')';

		depth += *at == '<' || *at == '(';
		depth -= closes;
		if (depth > (closes ? 0 : 1) || (depth == 1 && *at != ','))
			continue;
		if (count == limit)
			return 0;
		arguments[count++] = trim((struct part){start, (size_t)(at - start)});
		start = at + 1;
		if (depth == 0)
			return at + 1 == end ? count : 0;
	}
	return 0;
}

/* The T of std::pair<KEY const, T>; size 0: `value` is no such pair. */
static struct part
mapped_of(struct part value, struct part key)
{
	struct part of_pair[2], first;

	if (!starts_with(value, "std::pair<") || arguments_of(value, of_pair, 2) != 2)
		return (struct part){value.text, 0};
	first = of_pair[0];
	if (first.size < 6 || memcmp(first.text + first.size - 6, " const", 6) != 0)
		return (struct part){value.text, 0};
	first.size -= 6;
	return is_equal(first, key) ? of_pair[1] : (struct part){value.text, 0};
}

/* NULL: this is no std::_Hashtable as libstdc++ has it, or there is no memory. */
static char *
unordered(struct part type)
{
	struct part arguments[ARGUMENTS_MAX], traits[3], mapped;
	const char *multi;
	char *written = NULL;
	int length;

	if (!starts_with(type, "std::_Hashtable<") ||
	    arguments_of(type, arguments, ARGUMENTS_MAX) != ARGUMENTS_MAX ||
	    arguments_of(arguments[ARGUMENTS_MAX - 1], traits, 3) != 3)
		return NULL;
	multi = starts_with(traits[2], "false") ? "multi" : "";
	mapped = mapped_of(arguments[1], arguments[0]);
	if (mapped.size)
		length = asprintf(&written, "std::unordered_%smap<%.*s, %.*s>", multi,
				  (int)arguments[0].size, arguments[0].text, (int)mapped.size,
				  mapped.text);
	else if (is_equal(arguments[0], arguments[1]))
		length = asprintf(&written, "std::unordered_%sset<%.*s>", multi,
				  (int)arguments[0].size, arguments[0].text);
	else
		return NULL;
	return length < 0 ? NULL : written;
}

/* std::string for its instantiation, wherever it stands. In place. */
static void
shorten_strings(char *type)
{
	static const char *const longs[] = {
	    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
	    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
	};
	static const char brief[] = "std::string";

	for (size_t i = 0; i < sizeof longs / sizeof *longs; i++) {
		char *at = type;

		while ((at = strstr(at, longs[i]))) {
			const char *rest = at + strlen(longs[i]);

			memcpy(at, brief, sizeof brief - 1);
			at += sizeof brief - 1;
			memmove(at, rest, strlen(rest) + 1);
		}
	}
}

char *
type_name_as_written(const char *type)
{
	char *written = unordered((struct part){type, strlen(type)});

	if (!written)
		written = strdup(type);
	if (written)
		shorten_strings(written);
	return written;
}
