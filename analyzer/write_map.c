/*
 * One map in depth: its parts, its history, who made it, what holds it, what would give memory
 * back. Prints and computes nothing; what the layout does not tell prints as "?".
 */
#include "analyzer/write_map.h"
#include "analyzer/symbols.h"
#include "analyzer/units.h"
#include "analyzer/write_place.h"

enum { TEXT_SIZE = 1024, NAME_WIDTH = 100 };

static void
write_bytes(FILE *out, const char *name, uint64_t bytes, const char *remark)
{
	char text[UNITS_SIZE];

	fprintf(out, "  %-14s %s%s\n", name, units_bytes(text, bytes), remark);
}

static void
write_range(FILE *out, const char *name, uint64_t low, uint64_t high)
{
	char from[UNITS_SIZE], to[UNITS_SIZE];

	if (low == high)
		fprintf(out, "  %-14s %s\n", name, units_bytes(from, low));
	else
		fprintf(
		    out,
		    "  %-14s between %s and %s (the rule hangs on hashes that cannot be seen)\n",
		    name, units_bytes(from, low), units_bytes(to, high));
}

static void
write_title(FILE *out, const struct model_map *map, const struct model_names *names)
{
	const struct trace_snapshot *info = &map->snapshot->rows->info;
	char type[TEXT_SIZE], label[4 * TRACE_NAME_MAX], when[UNITS_SIZE];

	fprintf(out, "%s map at 0x%llx", units_escape(type, sizeof(type), map->profile_name),
		(unsigned long long)map->row->address);
	if (map->name)
		fprintf(out, ", named \"%s\"", units_escape(type, sizeof(type), map->name));
	if (names->written_type)
		fprintf(out, ": %s", units_escape(type, sizeof(type), names->written_type));
	fprintf(out, "\nas of snapshot '%s' at %s%s\n\n",
		units_escape(label, sizeof(label), info->label), units_duration(when, info->ns),
		map->snapshot->is_complete ? "" : ", which is not complete");
}

static void
write_chains(FILE *out, const struct model_map *map)
{
	char used[UNITS_SIZE], longest[UNITS_SIZE];
	double mean = model_mean_chain(map);

	if (mean < 0)
		return;
	fprintf(out, "  %-14s %.2f entries in a bucket on average, of %s that hold any; ", "chains",
		mean, units_number(used, map->row->used_buckets));
	if (map->row->longest_chain == TRACE_UNKNOWN)
		fputs("the longest is not known: one list runs through all\n", out);
	else
		fprintf(out, "%s in the longest\n",
			units_number(longest, map->row->longest_chain));
}

/* Of open addressing, where the map keeps its entries' hashes. */
static void
write_probes(FILE *out, const struct model_map *map)
{
	char longest[UNITS_SIZE];
	double mean = model_mean_probe(map);

	if (mean < 0)
		return;
	fprintf(out, "  %-14s %.2f places looked at for an entry on average, %s for the farthest\n",
		"probes", mean, units_number(longest, map->row->longest_probe));
}

static void
write_entries(FILE *out, const struct model_map *map)
{
	char count[UNITS_SIZE], capacity[UNITS_SIZE], fill[UNITS_SIZE], dead[UNITS_SIZE];

	fprintf(out, "  %-14s %s of %s before it grows (%s %%)\n", "entries",
		units_number(count, map->row->count), units_number(capacity, map->row->capacity),
		units_number(fill, model_fill_percent(map)));
	if (map->row->tombstones && map->row->tombstones != TRACE_UNKNOWN)
		fprintf(out, "  %-14s %s slots were used once and are free now\n", "tombstones",
			units_number(dead, map->row->tombstones));
	write_chains(out, map);
	write_probes(out, map);
	if (map->is_growing)
		fprintf(out, "  %-14s an old and a new array exist at once\n", "growing");
	if (map->row->flags & TRACE_MAP_MID_ERASE)
		fprintf(out, "  %-14s an entry was being removed at this moment\n", "erasing");
}

static void
write_parts(FILE *out, const struct model_map *map)
{
	const struct trace_map *row = map->row;
	char reserved[UNITS_SIZE], remark[TEXT_SIZE] = "", blocks[UNITS_SIZE], values[TEXT_SIZE];

	if (row->overflow_reserved_bytes && row->overflow_reserved_bytes != TRACE_UNKNOWN)
		snprintf(remark, sizeof(remark), ", of these %s reserved in the array's own block",
			 units_bytes(reserved, row->overflow_reserved_bytes));
	snprintf(values, sizeof(values), " in %s blocks of their own",
		 units_number(blocks, row->value_blocks));
	write_bytes(out, "held", map->held, "");
	write_bytes(out, "  buckets", row->bucket_bytes, "");
	if (row->old_bucket_bytes)
		write_bytes(out, "  old buckets", row->old_bucket_bytes, "");
	write_bytes(out, "  overflow", row->overflow_bytes, remark);
	write_range(out, "needed", map->needed_low, map->needed_high);
	write_range(out, "retained", map->retained, map->retained_high);
	if (map->reserved)
		write_bytes(out, "reserved", map->reserved,
			    ", asked for in advance and never filled");
	if (row->kept_by_rule)
		write_bytes(out, "kept by rule", row->kept_by_rule,
			    ": its own shrinking would still keep this");
	write_bytes(out, "resident", row->resident_bytes, " of the arrays are in physical memory");
	write_bytes(out, "values", row->value_bytes,
		    row->value_blocks && row->value_bytes != TRACE_UNKNOWN ? values : "");
	write_bytes(out, "header", row->header_bytes,
		    row->header_bytes ? "" : ": it lies within something else");
	if (map->remark)
		fprintf(out, "  %-14s %s\n", "remark", map->remark);
}

static void
write_frame(FILE *out, const struct symbols_frame *frame)
{
	char name[TEXT_SIZE], place[TEXT_SIZE];

	symbols_shorten(name, sizeof(name), frame->function ? frame->function : "?", NAME_WIDTH);
	fprintf(out, "%s%s", name, frame->is_inlined ? " (inlined)" : "");
	if (frame->file)
		fprintf(out, "\n        at %s:%u", units_escape(place, sizeof(place), frame->file),
			frame->line);
	else if (frame->module)
		fprintf(out, "\n        in %s+0x%llx",
			units_escape(place, sizeof(place), frame->module),
			(unsigned long long)frame->offset);
	fputc('\n', out);
}

static void
write_stack_place(FILE *out, const struct model_map *map, const struct model_names *names)
{
	if (map->row->where_thread)
		fprintf(out, "the stack of thread %u", map->row->where_thread);
	else
		fputs(map->place ? "a goroutine's stack" : "the stack of a thread", out);
	fputs(names->function ? ", in the frame of\n  " : "\n", out);
	if (names->function)
		write_frame(out, names->function);
}

static void
write_holder(FILE *out, struct model *model, const struct model_map *map)
{
	const struct trace_map *row = map->row;
	const struct model_names *names = model_map_names(model, map);
	char text[TEXT_SIZE], variable[TEXT_SIZE], told[TEXT_SIZE];
	const char *place = write_place_told(told, sizeof(told), map, names);

	fputs("\nheld in\n  ", out);
	if (row->where == TRACE_WHERE_GLOBAL && row->where_module != TRACE_NONE)
		fprintf(out, "%s%s of %s\n", names->variable ? "the variable " : "global data",
			units_escape(variable, sizeof(variable),
				     names->variable ? names->variable : ""),
			units_escape(text, sizeof(text),
				     model->trace->modules[row->where_module].path));
	else if (row->where == TRACE_WHERE_BLOCK)
		fprintf(out, "a block of the heap at 0x%llx, %llu bytes into it\n",
			(unsigned long long)row->where_base,
			(unsigned long long)(row->address - row->where_base));
	else if (row->where == TRACE_WHERE_STACK)
		write_stack_place(out, map, names);
	else
		fputs("other memory: a slab or an arena\n", out);
	if (place)
		fprintf(out, "  %s\n", units_escape(text, sizeof(text), place));
}

static void
write_stack(FILE *out, struct model *model, const char *title, uint32_t stack)
{
	size_t count = 0;
	const struct symbols_frame *frames = model_stack_frames(model, stack, &count);

	fprintf(out, "\n%s\n", title);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "  %-3zu ", i);
		write_frame(out, &frames[i]);
	}
	if (count == 0)
		fputs("  not known\n", out);
}

/* Every snapshot that has a map at this address; another stack means another map. */
static void
write_history(FILE *out, const struct model *model, const struct model_map *map)
{
	char when[UNITS_SIZE], count[UNITS_SIZE], capacity[UNITS_SIZE], held[UNITS_SIZE];
	char retained[UNITS_SIZE], label[2 * TRACE_NAME_MAX];

	fprintf(out, "\nover time\n  %12s %12s %12s %12s %12s  %s\n", "TIME", "COUNT", "CAPACITY",
		"HELD", "RETAINED", "SNAPSHOT");
	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];
		const struct model_map *then =
		    model_find(snapshot, map->row->address, map->profile_name);

		units_duration(when, snapshot->rows->info.ns);
		units_escape(label, sizeof(label), snapshot->rows->info.label);
		if (!then) {
			fprintf(out, "  %12s %12s %12s %12s %12s  %s%s\n", when, "-", "-", "-", "-",
				label, snapshot->is_complete ? "" : ", not complete");
			continue;
		}
		fprintf(out, "  %12s %12s %12s %12s %12s  %s%s\n", when,
			units_number(count, then->row->count),
			units_number(capacity, then->row->capacity), units_bytes(held, then->held),
			units_bytes(retained, then->retained), label,
			then->snapshot == map->snapshot ? " (shown above)" : "");
	}
	if (map->row->where == TRACE_WHERE_STACK && map->place)
		fputs("  A goroutine's stack moves as it grows: before such a move its map stood "
		      "at another address.\n",
		      out);
}

static void
write_remedies(FILE *out, const struct model_map *map)
{
	struct model_remedy remedies[TRACE_REMEDIES_MAX];
	size_t count = model_remedies(map, remedies);
	char gives[UNITS_SIZE], leaves[UNITS_SIZE], meanwhile[UNITS_SIZE];
	char text[4 * PROFILE_LINE_MAX];

	fputs("\nwhat gives memory back\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "  %s: gives back %s and leaves %s",
			units_escape(text, sizeof(text), remedies[i].name),
			units_bytes(gives, remedies[i].gives),
			units_bytes(leaves, remedies[i].leaves));
		if (remedies[i].transient)
			fprintf(out, "; takes %s more while it runs",
				units_bytes(meanwhile, remedies[i].transient));
		fprintf(out, "\n      %s\n", units_escape(text, sizeof(text), remedies[i].advice));
	}
	if (count == 0)
		fputs("  nothing that its profile knows of\n", out);
}

void
write_map(FILE *out, struct model *model, const struct model_map *map)
{
	bool has_stacks = !map->told_type; /* of no map of Go's */

	write_title(out, map, model_map_names(model, map));
	write_entries(out, map);
	write_parts(out, map);
	write_history(out, model, map);
	if (has_stacks)
		write_stack(out, model, "its bucket array was allocated at", map->row->stack);
	write_holder(out, model, map);
	if (has_stacks && map->row->where == TRACE_WHERE_BLOCK &&
	    map->row->where_stack != TRACE_NONE)
		write_stack(out, model, "that block was allocated at", map->row->where_stack);
	write_remedies(out, map);
}
