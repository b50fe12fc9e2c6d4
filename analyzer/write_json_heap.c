/*
 * The heap over time as JSON: the series of points for plots, the stacks that allocated for maps,
 * the most that each role ever held. Called by write_json.c. All of it is by stack: what the
 * library counts at every event, between snapshots too.
 */
#include "analyzer/write_json.h"

#include "analyzer/account.h"

#include <stdlib.h>

static json_t *
series_of_role(const struct trace *trace, int role)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < trace->series_count; i++)
		array =
		    write_json_append(array, write_json_number(trace->series[i].role_bytes[role]));
	return array;
}

static json_t *
series_of_all(const struct trace *trace)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < trace->series_count; i++)
		array = write_json_append(array, write_json_number(trace->series[i].live_bytes));
	return array;
}

static json_t *
series_of_times(const struct trace *trace)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < trace->series_count; i++)
		array = write_json_append(array, json_real((double)trace->series[i].ns / 1e6));
	return array;
}

static json_t *
series_of(const struct trace *trace)
{
	json_t *roles = json_object();

	for (int role = 0; role < TRACE_OTHER; role++)
		roles = write_json_put(roles, write_json_role(role), series_of_role(trace, role));
	return json_pack("{s:o, s:o, s:o}", "time_ms", series_of_times(trace), "live_bytes",
			 series_of_all(trace), "role_bytes", roles);
}

static json_t *
role_peaks_of(const struct trace_header *header)
{
	json_t *roles = json_object();

	for (int role = 0; role < TRACE_ROLES; role++)
		roles = write_json_put(roles, write_json_role(role),
				       write_json_number(header->role_peak_bytes[role]));
	return roles;
}

/* A trace may say of a block that no stack is known. */
static void
mark_stack(bool *is_one, uint32_t count, uint32_t stack)
{
	if (stack < count)
		is_one[stack] = true;
}

/* Marks the stacks that allocated for maps, by their role or because a map was seen to reach their
 * blocks; `other` has as many stacks as a program has calls of malloc. free() it; NULL: no memory.
 */
static bool *
stacks_of_maps(const struct trace *trace)
{
	bool *is_one = calloc((size_t)trace->stack_count + 1, sizeof *is_one);

	for (uint32_t id = 0; is_one && id < trace->stack_count; id++)
		is_one[id] = trace->stacks[id].role != TRACE_OTHER ||
			     trace->stacks[id].split_role != TRACE_OTHER;
	for (uint32_t i = 0; is_one && i < trace->snapshot_count; i++)
		for (uint32_t j = 0; j < trace->snapshots[i].claims_count; j++)
			mark_stack(is_one, trace->stack_count, trace->snapshots[i].claims[j].stack);
	return is_one;
}

static json_t *
frames_of_stack(struct model *model, uint32_t id)
{
	size_t count;
	const struct symbols_frame *frames = model_stack_frames(model, id, &count);

	return write_json_frames(frames, count);
}

static json_t *
stack_of(struct model *model, uint32_t id)
{
	const struct trace *trace = model->trace;
	const struct trace_origin *stack = &trace->stacks[id];
	const struct trace_count *count = &trace->counts[id];

	return json_pack(
	    "{s:o, s:s, s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:o}",
	    "profile",
	    write_json_text(stack->profile < trace->profile_count
				? trace->profiles[stack->profile].name
				: NULL),
	    "role", write_json_role(stack->role), "split_role", write_json_role(stack->split_role),
	    "live_bytes", write_json_number(count->live_bytes), "live_blocks",
	    write_json_number(count->live_blocks), "peak_bytes",
	    write_json_number(count->peak_bytes), "peak_exact", (int)!count->is_peak_bound,
	    "at_peak_bytes", write_json_number(count->at_peak_bytes), "at_peak_blocks",
	    write_json_number(count->at_peak_blocks), "total_bytes",
	    write_json_number(count->total_bytes), "total_blocks",
	    write_json_number(count->total_blocks), "transient",
	    (int)((stack->flags & TRACE_STACK_TRANSIENT) != 0), "reserved",
	    (int)((stack->flags & TRACE_STACK_RESERVED) != 0), "cut",
	    (int)((stack->flags & TRACE_STACK_CUT) != 0), "told",
	    (int)((stack->flags & TRACE_STACK_TOLD) != 0), "frames", frames_of_stack(model, id));
}

static int
print_stacks(struct model *model, FILE *out)
{
	bool *is_one = stacks_of_maps(model->trace);
	const char *between = "\n";
	int result = is_one ? 0 : -1;

	fputs(",\n \"stacks\": [", out);
	for (uint32_t id = 0; result == 0 && id < model->trace->stack_count; id++) {
		if (!is_one[id])
			continue;
		fputs(between, out);
		between = ",\n";
		result = write_json_print(stack_of(model, id), out);
	}
	fputs("]", out);
	free(is_one);
	return result;
}

int
write_json_heap(struct model *model, FILE *out)
{
	fputs(",\n \"series\": ", out);
	if (write_json_print(series_of(model->trace), out))
		return -1;
	fputs(",\n \"role_peak_bytes\": ", out);
	if (write_json_print(role_peaks_of(&model->trace->header), out))
		return -1;
	return print_stacks(model, out);
}
