/*
 * Feeds any bytes as a trace to all that stands behind the reader: the profiles that it carries are
 * compiled, its numbers computed with, and all of it is printed, as text and as JSON.
 *
 * The reader proves indexes and strings; numbers may contradict each other, and nothing may break
 * by it. The bytes are a trace as they are, and what spoils a sound one. Symbols are not read: a
 * trace may name any file. Run by `make fuzz`.
 */
#define SAMPLE_PROFILE                                                                   \
	"profile sample\nwake always\nminimum 24\nanchor buckets at header + 16 points base\n" \
	"field entries i64 at header\nrequire entries >= 0\ncount entries\n"                   \
	"part buckets in buckets bytes size(buckets)\ncapacity 1000\nneeded 16 * entries\n"    \
	"remedy rebuild \"make a new map\" leaves 0 transient 0\n"

#include "analyzer/write_json.h"
#include "analyzer/write_text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/spoiled_trace.h"

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

static void
report(const uint8_t *bytes, size_t size)
{
	struct trace_error error;
	struct trace *trace = trace_open_bytes(bytes, size, "input", &error);
	struct model *model = trace ? model_build(trace, &error) : NULL;

	if (!model)
		return;
	model->without_names = true;
	print(model);
	model_close(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct bytes spoiled = spoiled_trace(bytes, size);

	report(bytes, size);
	report(spoiled.at, spoiled.size);
	free(spoiled.at);
	return 0;
}
