/*
 * The heap over time as JSON: the series of points for plots, the stacks that allocated for maps,
 * the most that each role ever held. Called by write_json.c. All of it is by stack: what the
 * library counts at every event, between snapshots too.
 */
#include "analyzer/write_json.h"

#include "analyzer/account.h"

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

/* A stack that allocates for maps; `other` has as many stacks as a program has calls of malloc. */
static bool
is_of_maps(const struct trace_stack *stack)
{
	return stack->role != TRACE_OTHER || stack->split_role != TRACE_OTHER;
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
	const struct trace_stack *stack = &trace->stacks[id];
	uint64_t peak_blocks;
	uint64_t peak_bytes = account_at_peak(&trace->header, stack, &peak_blocks);

	return json_pack(
	    "{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o}", "profile",
	    write_json_text(stack->profile < trace->profile_count
				? trace->profiles[stack->profile].name
				: NULL),
	    "role", write_json_role(stack->role), "split_role", write_json_role(stack->split_role),
	    "live_bytes", write_json_number(stack->live_bytes), "live_blocks",
	    write_json_number(stack->live_blocks), "peak_bytes",
	    write_json_number(stack->peak_bytes), "at_peak_bytes", write_json_number(peak_bytes),
	    "at_peak_blocks", write_json_number(peak_blocks), "total_bytes",
	    write_json_number(stack->total_bytes), "total_blocks",
	    write_json_number(stack->total_blocks), "transient",
	    (int)((stack->flags & TRACE_STACK_TRANSIENT) != 0), "reserved",
	    (int)((stack->flags & TRACE_STACK_RESERVED) != 0), "cut",
	    (int)((stack->flags & TRACE_STACK_CUT) != 0), "frames", frames_of_stack(model, id));
}

static int
print_stacks(struct model *model, FILE *out)
{
	const char *between = "\n";

	fputs(",\n \"stacks\": [", out);
	for (uint32_t id = 0; id < model->trace->stack_count; id++) {
		if (!is_of_maps(&model->trace->stacks[id]))
			continue;
		fputs(between, out);
		between = ",\n";
		if (write_json_print(stack_of(model, id), out))
			return -1;
	}
	fputs("]", out);
	return 0;
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
