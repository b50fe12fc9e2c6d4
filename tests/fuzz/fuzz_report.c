/*
 * Feeds any bytes as a trace to all that stands behind the reader: the profiles that the trace carries
 * are compiled, its numbers computed with, and all of it is printed, as text and as JSON.
 *
 * The reader proves indexes and strings; numbers may contradict each other, and nothing may break by
 * it. Symbols are not read: a trace may name any file. Run by `make fuzz`; seeded as fuzz_trace is.
 */
#include "analyzer/write_json.h"
#include "analyzer/write_text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
print(struct model *model)
{
	struct options options = { .filter.profile = NULL };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fuzz_demand(out != NULL);
	write_text(model, &options, out);
	write_json(model, &options.filter, out);
	fclose(out);
	fuzz_demand(size > 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct trace_error error;
	struct trace *trace = trace_open_bytes(bytes, size, "input", &error);
	struct model *model = trace ? model_build(trace, &error) : NULL;

	if (!model)
		return 0;
	model->without_names = true;
	print(model);
	model_close(model);
	return 0;
}
