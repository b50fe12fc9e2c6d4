/*
 * Frames and places in words. Prints and computes nothing.
 */
#include "analyzer/write_place.h"

#include "analyzer/units.h"

#include <inttypes.h>
#include <string.h>

enum { NAME_WIDTH = 80, TEXT_SIZE = 512, LINE = 2 * TEXT_SIZE };

void
write_place_frame(char *into, size_t size, const struct symbols_frame *frame, size_t width)
{
	char name[TEXT_SIZE], file[TEXT_SIZE];

	if (frame->function)
		symbols_shorten(name, sizeof name, frame->function, width < 16 ? 16 : width);
	if (frame->file)
		units_escape(file, sizeof file, basename(frame->file));
	else if (frame->module)
		units_escape(file, sizeof file, basename(frame->module));
	else
		strcpy(file, "?");
	if (frame->file && frame->function)
		snprintf(into, size, "%s:%" PRIu32 " in %s", file, frame->line, name);
	else if (frame->function)
		snprintf(into, size, "%s in %s", name, file);
	else
		snprintf(into, size, "%s+0x%" PRIx64, file,
			 frame->module ? frame->offset : frame->pc);
}

static void
print_stack(const struct model_map *map, const struct model_names *names, FILE *out)
{
	char text[LINE];

	if (map->row->where_thread)
		fprintf(out, "on the stack of thread %" PRIu32, map->row->where_thread);
	else
		fputs(map->place ? "on a goroutine's stack" : "on a thread's stack", out);
	if (!names->function)
		return;
	write_place_frame(text, sizeof text, names->function, NAME_WIDTH);
	fprintf(out, ", in the frame of %s", text);
}

const char *
write_place_told(char *into, size_t size, const struct model_map *map,
		 const struct model_names *names)
{
	static const char global[] = "global 0x";
	const char *place = map->place, *rest;

	if (!place || !names->variable || strncmp(place, global, sizeof global - 1) != 0)
		return place;
	rest = place + sizeof global - 1;
	rest += strspn(rest, "0123456789abcdef");
	snprintf(into, size, "global %s%s", names->variable, rest);
	return into;
}

void
write_place(const struct model_map *map, const struct model_names *names, FILE *out)
{
	static const char *const places[] = {
	    [TRACE_WHERE_BLOCK] = "in a block of the heap",
	    [TRACE_WHERE_GLOBAL] = "in a global",
	    [TRACE_WHERE_OTHER] = "in a slab or an arena",
	};
	char text[LINE], told[LINE];
	const char *place = write_place_told(told, sizeof told, map, names);

	if (map->row->where == TRACE_WHERE_STACK)
		print_stack(map, names, out);
	else
		fputs(places[map->row->where], out);
	if (names->holder) {
		write_place_frame(text, sizeof text, names->holder, NAME_WIDTH);
		fprintf(out, " (from %s)", text);
	}
	if (names->variable && !place) {
		symbols_shorten(text, sizeof text, names->variable, NAME_WIDTH);
		fprintf(out, " (%s)", text);
	}
	if (place)
		fprintf(out, ": %s", units_escape(text, sizeof text, place));
}
