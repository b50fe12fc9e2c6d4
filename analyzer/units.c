/*
 * Sizes, numbers and times as people read and write them. Called by every writer and by the parser
 * of options. Nothing here rounds a size that is not 0 down to "0 B", and no input can overflow.
 */
#include "analyzer/units.h"

#include "trace/format.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *
units_number(char into[UNITS_SIZE], uint64_t number)
{
	char digits[24];
	size_t length, out = 0;

	if (number == TRACE_UNKNOWN)
		return strcpy(into, "?");
	length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			into[out++] = ',';
		into[out++] = digits[i];
	}
	into[out] = '\0';
	return into;
}

char *
units_bytes(char into[UNITS_SIZE], uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes;
	size_t unit = 0;

	if (bytes == TRACE_UNKNOWN)
		return strcpy(into, "?");
	if (bytes < 1024) {
		snprintf(into, UNITS_SIZE, "%" PRIu64 " B", bytes);
		return into;
	}
	/* 1023.995 would be printed as 1024.00 of the smaller unit */
	for (size /= 1024; size >= 1023.995 && unit + 1 < sizeof names / sizeof *names; unit++)
		size /= 1024;
	snprintf(into, UNITS_SIZE, "%.2f %s", size, names[unit]);
	return into;
}

char *
units_duration(char into[UNITS_SIZE], uint64_t nanoseconds)
{
	uint64_t seconds = nanoseconds / 1000000000;

	if (nanoseconds == TRACE_UNKNOWN)
		return strcpy(into, "?");
	if (nanoseconds < 1000000)
		snprintf(into, UNITS_SIZE, "%" PRIu64 " us", nanoseconds / 1000);
	else if (nanoseconds < 1000000000)
		snprintf(into, UNITS_SIZE, "%" PRIu64 " ms", nanoseconds / 1000000);
	else if (seconds < 60)
		snprintf(into, UNITS_SIZE, "%.2f s", (double)(nanoseconds / 10000000) / 100);
	else if (seconds < 3600)
		snprintf(into, UNITS_SIZE, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
			 seconds % 60);
	else
		snprintf(into, UNITS_SIZE, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
			 seconds / 60 % 60);
	return into;
}

/* The power of 1024 that a unit stands for, or -1: "", "b", "k", "kb", "kib", ... */
static int
unit_power(const char *unit)
{
	static const char letters[] = "kmgtpe";
	const char *letter;

	if (!*unit || !strcasecmp(unit, "b"))
		return 0;
	letter = strchr(letters, tolower((unsigned char)*unit));
	if (!letter || (unit[1] && strcasecmp(unit + 1, "b") && strcasecmp(unit + 1, "ib")))
		return -1;
	return (int)(letter - letters) + 1;
}

/* Whole and hundredths are kept apart so that large whole numbers stay exact. */
static bool
parse_decimal(const char **text, uint64_t *whole, double *fraction)
{
	double place = 0.1;

	*whole = 0;
	*fraction = 0;
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); ++*text)
		if (__builtin_mul_overflow(*whole, 10u, whole) ||
		    __builtin_add_overflow(*whole, (uint64_t)(**text - '0'), whole))
			return false;
	if (**text != '.')
		return true;
	if (!isdigit((unsigned char)*++*text))
		return false;
	for (; isdigit((unsigned char)**text); ++*text, place /= 10)
		*fraction += (**text - '0') * place;
	return true;
}

int
units_parse_bytes(const char *text, uint64_t *bytes)
{
	uint64_t whole, scale, result;
	double fraction;
	int power;

	while (*text == ' ')
		text++;
	if (!parse_decimal(&text, &whole, &fraction))
		return -1;
	while (*text == ' ')
		text++;
	power = unit_power(text);
	if (power < 0 || (power == 0 && fraction != 0))
		return -1;
	scale = UINT64_C(1) << (10 * power);
	if (__builtin_mul_overflow(whole, scale, &result) ||
	    __builtin_add_overflow(result, (uint64_t)(fraction * (double)scale + 0.5), &result) ||
	    result == TRACE_UNKNOWN)
		return -1;
	*bytes = result;
	return 0;
}

/* Length of the well-formed printable UTF-8 character at `text`, or 0. */
static size_t
printable(const unsigned char *text)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code;
	size_t length;

	if (*text < 0x80)
		return *text >= 0x20 && *text != 0x7f;
	length = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
	if (*text < 0xc2 || *text > 0xf4)
		return 0;
	code = *text & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fu);
	}
	if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	/* C1 controls and marks that turn the direction of the line */
	if (code < 0xa0 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return length;
}

char *
units_escape(char *into, size_t size, const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	size_t out = 0;

	while (*from) {
		size_t length = printable(from);

		if (out + (length ? length : 4) >= size)
			break;
		if (length)
			memcpy(into + out, from, length);
		else
			snprintf(into + out, 5, "\\x%02x", *from);
		out += length ? length : 4;
		from += length ? length : 1;
	}
	into[out] = '\0';
	return into;
}
