/*
 * Names for addresses, each found once and kept.
 *
 *     stack -> nodes -> (module, pc) -> symbols_module.c -> frames -> demangled
 *
 * Called by names.c for the stacks that a report shows, never for all. Every string handed out
 * lives until symbols_close. A trace can claim any depth and any address: depths are cut, and
 * addresses outside their module get no name.
 */
#include "analyzer/symbols.h"

#include "analyzer/symbols_module.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
	FRAMES_MAX = 512, /* of one stack that are shown */
	INLINED_MAX = 64, /* of one address */
};

struct address_key {
	uint64_t pc;
	uint64_t module;
};

struct address {
	struct address_key key;
	struct symbols_frame *frames;
	size_t count;
	UT_hash_handle hh;
};

struct stack {
	struct symbols_frame *frames;
	size_t count;
};

struct symbols {
	const struct trace *trace;
	bool reads_files;
	struct symbols_module *modules; /* [module_count] */
	struct stack *stacks;           /* [stack_count] */
	struct address *addresses;
	char **strings; /* demangled names */
	size_t string_count;
	const char **problems;
	size_t problem_count;
};

struct symbols *
symbols_open(const struct trace *trace, bool reads_files)
{
	struct symbols *symbols = calloc(1, sizeof *symbols);

	if (!symbols)
		return NULL;
	symbols->trace = trace;
	symbols->reads_files = reads_files;
	symbols->modules = calloc((size_t)trace->module_count + 1, sizeof *symbols->modules);
	symbols->stacks = calloc((size_t)trace->stack_count + 1, sizeof *symbols->stacks);
	symbols->problems = calloc((size_t)trace->module_count + 1, sizeof *symbols->problems);
	if (!symbols->modules || !symbols->stacks || !symbols->problems) {
		symbols_close(symbols);
		return NULL;
	}
	/* libdwfl would ask these servers; a report must not depend on the network */
	unsetenv("DEBUGINFOD_URLS");
	return symbols;
}

void
symbols_close(struct symbols *symbols)
{
	struct address *address, *following;

	if (!symbols)
		return;
	HASH_ITER(hh, symbols->addresses, address, following)
	{
		HASH_DEL(symbols->addresses, address);
		free(address->frames);
		free(address);
	}
	for (uint32_t i = 0; symbols->stacks && i < symbols->trace->stack_count; i++)
		free(symbols->stacks[i].frames);
	for (uint32_t i = 0; symbols->modules && i < symbols->trace->module_count; i++)
		symbols_module_close(&symbols->modules[i]);
	for (size_t i = 0; i < symbols->string_count; i++)
		free(symbols->strings[i]);
	free(symbols->modules);
	free(symbols->stacks);
	free(symbols->strings);
	free(symbols->problems);
	free(symbols);
}

/* Takes over a malloc'd string; NULL where it cannot be kept. */
static const char *
keep(struct symbols *symbols, char *string)
{
	char **grown;

	if (!string)
		return NULL;
	grown = realloc(symbols->strings, (symbols->string_count + 1) * sizeof *grown);
	if (!grown) {
		free(string);
		return NULL;
	}
	symbols->strings = grown;
	return symbols->strings[symbols->string_count++] = string;
}

static bool
is_mangled(const char *symbol)
{
	return strncmp(symbol, "_Z", 2) == 0 || strncmp(symbol, "_R", 2) == 0;
}

static const char *
demangle(struct symbols *symbols, const char *symbol)
{
	char *name = NULL;

	if (symbol && is_mangled(symbol) && strlen(symbol) < 16384)
		name = cplus_demangle(symbol, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI);
	return keep(symbols, name);
}

static struct symbols_module *
usable_module(struct symbols *symbols, uint32_t index)
{
	struct symbols_module *module;
	bool is_new;

	if (!symbols->reads_files || index >= symbols->trace->module_count)
		return NULL;
	module = &symbols->modules[index];
	is_new = !module->is_tried;
	if (symbols_module_open(module, &symbols->trace->modules[index]))
		return module;
	if (is_new && module->problem)
		symbols->problems[symbols->problem_count++] = module->problem;
	return NULL;
}

static void
finish_frame(struct symbols *symbols, const struct address_key *key, struct symbols_frame *frame)
{
	const struct trace *trace = symbols->trace;
	const char *name = demangle(symbols, frame->symbol);

	if (name)
		frame->function = name;
	else if (frame->symbol && !is_mangled(frame->symbol))
		frame->function = frame->symbol;
	else if (!frame->function)
		frame->function = frame->symbol;
	frame->pc = key->pc;
	frame->module_index = (uint32_t)key->module;
	if (key->module < trace->module_count) {
		frame->module = trace->modules[key->module].path;
		frame->offset = key->pc - trace->modules[key->module].bias;
	}
}

static void
find_frames(struct symbols *symbols, struct address *address)
{
	struct symbols_module *module = usable_module(symbols, (uint32_t)address->key.module);
	struct symbols_frame found[INLINED_MAX] = {0};

	/* a return address may be the first byte of the next line or function: ask for the call */
	if (module)
		address->count = symbols_module_frames(
		    module, address->key.pc - 1 - symbols->trace->modules[address->key.module].bias,
		    found, INLINED_MAX);
	if (address->count == 0)
		address->count = 1;
	for (size_t i = 0; i < address->count; i++)
		finish_frame(symbols, &address->key, &found[i]);
	address->frames = malloc(address->count * sizeof *found);
	if (address->frames)
		memcpy(address->frames, found, address->count * sizeof *found);
	else
		address->count = 0;
}

static const struct address *
look_up(struct symbols *symbols, uint64_t pc, uint32_t module)
{
	struct address_key key = {.pc = pc, .module = module};
	struct address *address;

	HASH_FIND(hh, symbols->addresses, &key, sizeof key, address);
	if (address)
		return address;
	address = calloc(1, sizeof *address);
	if (!address)
		return NULL;
	address->key = key;
	find_frames(symbols, address);
	HASH_ADD(hh, symbols->addresses, key, sizeof key, address);
	return address;
}

static int
append(struct stack *stack, const struct address *address)
{
	struct symbols_frame *grown;

	if (address->count == 0)
		return 0;
	grown = realloc(stack->frames, (stack->count + address->count) * sizeof *grown);
	if (!grown)
		return -1;
	stack->frames = grown;
	memcpy(grown + stack->count, address->frames, address->count * sizeof *grown);
	stack->count += address->count;
	return 0;
}

/* From the innermost node to the root, as deep as FRAMES_MAX. */
static void
walk(struct symbols *symbols, uint32_t node, struct stack *stack)
{
	const struct trace *trace = symbols->trace;

	for (; node && node < trace->node_count && stack->count < FRAMES_MAX;
	     node = trace->nodes[node].parent) {
		const struct address *address =
		    look_up(symbols, trace->nodes[node].pc, trace->nodes[node].module);

		if (!address || append(stack, address))
			return;
	}
}

const struct symbols_frame *
symbols_stack(struct symbols *symbols, uint32_t index, size_t *count)
{
	struct stack *stack;

	*count = 0;
	if (index >= symbols->trace->stack_count)
		return NULL;
	stack = &symbols->stacks[index];
	if (!stack->frames)
		walk(symbols, symbols->trace->stacks[index].node, stack);
	*count = stack->count;
	return stack->frames;
}

const struct symbols_frame *
symbols_call(struct symbols *symbols, uint32_t module, uint64_t pc)
{
	const struct address *address = look_up(symbols, pc, module);

	return address && address->count ? &address->frames[address->count - 1] : NULL;
}

const char *
symbols_variable(struct symbols *symbols, uint32_t index, uint64_t address)
{
	struct symbols_module *module = usable_module(symbols, index);
	const char *symbol, *name;

	if (!module)
		return NULL;
	symbol = symbols_module_object(module, address - symbols->trace->modules[index].bias);
	name = demangle(symbols, symbol);
	return name ? name : symbol;
}

size_t
symbols_problems(const struct symbols *symbols, const char *const **sentences)
{
	*sentences = symbols->problems;
	return symbols->problem_count;
}
