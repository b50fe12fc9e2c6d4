/*
 * Feeds any text to the compiler of profiles and, where it compiles, runs all of it on a hostile
 * guest: memory that answers with the input's own bytes, blocks of absurd sizes, and censuses that
 * contradict each other.
 *
 *     sh profiles/embed/texts.sh profiles/shipped/[a-z]*.profile >shipped.c
 *     clang -std=gnu11 -g -O1 -I. -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
 *         tests/fuzz/fuzz_profile.c profiles/[a-z]*.c shipped.c -o fuzz_profile
 *     ./fuzz_profile -max_len=8192 CORPUS profiles/shipped
 *
 * Everything must end, and nothing may be read outside the text or written outside the profile.
 */
#include "profiles/decide.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct guest {
	const uint8_t *bytes;
	size_t size;
};

static bool
read_guest(void *context, uint64_t address, void *into, size_t size)
{
	const struct guest *guest = context;
	uint8_t *out = into;
	if (guest->size == 0 || address % 5 == 4)
		return false;
	for (size_t i = 0; i < size; i++)
		out[i] = guest->bytes[(address + i) % guest->size];
	return true;
}

static bool
find_block(void *context, uint64_t address, struct profile_block *out)
{
	*out = (struct profile_block){ address & ~UINT64_C(15),
		                       address * UINT64_C(0x9e3779b97f4a7c15) };
	return address % 3 != 0;
}

static void
pretend_walks(struct profile_scope *scope)
{
	enum { ROOM = 128 };
	static const uint32_t entries[16] = {0, UINT32_MAX, 7, 8, 9, UINT32_MAX, 1};
	static uint32_t room[ROOM];
	for (uint32_t i = 0; i < PROFILE_WALKS_MAX; i++) {
		scope->walks[i] = (struct profile_census){ .done = i != 3,
			                                   .live = i == 2 ? UINT64_MAX : i,
			                                   .dead = 1,
			                                   .slots = i == 1   ? 6
			                                            : i == 4 ? 0
			                                                     : 16,
			                                   .cells = i,
			                                   .entries = i == 5 ? NULL : entries,
			                                   .hashes = i == 6 ? NULL : entries,
			                                   .hashed = i,
			                                   .room = room,
			                                   .room_slots = ROOM / 2,
			                                   .chained_bytes = UINT64_MAX };
	}
}

static const char *
import_name(const void *context, size_t i)
{
	return "map_insert";
}

/* A whole expression says the same on bare integers as on values that say what they are. */
static void
compare(const struct profile *profile, struct profile_expression expression,
        const struct profile_scope *scope, const struct profile_memory *memory)
{
	struct profile_value whole, value;
	if (!expression.is_whole)
		return;
	bool has = profile_evaluate(profile, expression, scope, memory, &whole);
	expression.is_whole = false;
	fuzz_demand(profile_evaluate(profile, expression, scope, memory, &value) == has);
	fuzz_demand(!has || (!value.is_real && value.integer == whole.integer));
}

static void
run_step(const struct profile *profile, const struct profile_step *step,
         struct profile_scope *scope, const struct profile_memory *memory)
{
	compare(profile, step->value, scope, memory);
	profile_run_step(profile, step, scope, memory);
	compare(profile, step->condition, scope, memory);
	compare(profile, step->next, scope, memory);
}

/* Steps in a row do what each does by itself. */
static void
run_row(const struct profile *profile, const struct profile_step *step,
        const struct profile_scope *scope, const struct profile_memory *memory)
{
	static struct profile_scope row, single;
	uint16_t wanted = profile_row(step), held;
	if (step->kind == PROFILE_STEP_WALK)
		return;
	row = single = *scope;
	held = profile_run_row(profile, step, &row, memory);
	fuzz_demand(held <= wanted);
	for (uint16_t i = 0; i < held; i++)
		fuzz_demand(profile_run_step(profile, step + i, &single, memory));
	fuzz_demand(held == wanted || !profile_run_step(profile, step + held, &single, memory));
	for (int i = 0; i < profile->name_count; i++)
		fuzz_demand(row.known[i] == single.known[i] &&
		            (!row.known[i] ||
		             row.values[i].integer == single.values[i].integer));
}

static void
run_walk(const struct profile *profile, const struct profile_walk *walk,
         const struct profile_scope *scope, const struct profile_memory *memory)
{
	const struct profile_expression *all[] = {
		&walk->when,       &walk->at,         &walk->count,      &walk->stride,
		&walk->cells,      &walk->live,       &walk->dead,       &walk->entries,
		&walk->from,       &walk->next,       &walk->home,       &walk->onward,
		&walk->run,        &walk->found,      &walk->vacant,     &walk->end,
		&walk->block,      &walk->size,       &walk->limit,      &walk->valid,
		&walk->outside[0], &walk->outside[1], &walk->outside[2], &walk->outside[3]
	};
	uint64_t value;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		profile_evaluate_unsigned(profile, *all[i], scope, memory, &value);
		compare(profile, *all[i], scope, memory);
	}
}

static void
run(const struct profile *profile, const struct profile_memory *memory)
{
	static struct profile_scope scope;
	struct profile_decision decision;
	const struct profile_frame frames[] = {
		{ "malloc", 1 }, { NULL, 2 }, { "map_insert", 2 }, { "main", 1 }
	};
	uint64_t value;
	memset(&scope, 0, sizeof scope);
	pretend_walks(&scope);
	for (int i = 0; i < PROFILE_NAMES_FIXED; i++) {
		scope.known[i] = i != PROFILE_NAME_CELL;
		scope.values[i].integer = i * 4097;
	}
	for (int i = 0; i < profile->anchor_count; i++)
		fuzz_demand(profile->anchors[i].name < profile->name_count);
	for (int i = 0; i < profile->step_count; i++) {
		run_row(profile, &profile->steps[i], &scope, memory);
		run_step(profile, &profile->steps[i], &scope, memory);
	}
	for (int i = 0; i < profile->needed_step_count; i++)
		run_step(profile, &profile->needed_steps[i], &scope, memory);
	for (int i = 0; i < profile->walk_count; i++)
		run_walk(profile, &profile->walks[i], &scope, memory);
	for (int i = 0; i < profile->part_count; i++)
		profile_evaluate_unsigned(profile, profile->parts[i].bytes, &scope, memory, &value);
	for (int i = 0; i < profile->remedy_count; i++)
		profile_evaluate_unsigned(profile, profile->remedies[i].leaves, &scope, memory,
		                          &value);
	profile_evaluate_unsigned(profile, profile->needed_high, &scope, memory, &value);
	profile_evaluate_unsigned(profile, profile->keeps, &scope, memory, &value);
	profile_decide(profile, frames, sizeof frames / sizeof *frames, 96, &decision);
	profile_wakes_for_module(profile, "/lib/libmap.so.1");
	profile_wakes_for_symbol(profile, "map_insert");
	profile_wakes_for_imports(profile, import_name, NULL, 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct profile profile;
	struct profile_error errors[16];
	struct guest guest = {bytes, size};
	const struct profile_memory memory = { .context = &guest,
		                               .read = read_guest,
		                               .block = find_block };
	size_t count = profile_compile(&profile, (const char *)bytes, size, errors, 16);
	fuzz_demand(count <= 16);
	for (size_t i = 0; i < count; i++) {
		fuzz_demand(errors[i].line >= 1 && errors[i].column >= 1);
		fuzz_demand(memchr(errors[i].message, 0, sizeof errors[i].message) != NULL);
		fuzz_demand(errors[i].message[0] != 0);
	}
	if (count == 0)
		run(&profile, &memory);
	return 0;
}
