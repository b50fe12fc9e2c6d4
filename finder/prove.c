/*
 * Proof of one candidate; see prove.h. The search calls it for every guessed header and stops
 * before the walks; finder.c calls it again, walks included, for those that came so far.
 *
 * A snapshot can be taken inside the free() of an entry that is unlinked already while the header
 * still counts it (libstdc++ unlinks, frees, then counts down). So one entry may be missing: if a
 * requirement after a walk is false, and the block being freed looks like a node of this map that
 * no walk reached, the proof goes on once with a census of one more. Profiles that state `erasing`
 * tell such a moment from memory alone, in any thread, and need no such help.
 */
#include "finder/prove.h"

#include "finder/walk.h"

#include <string.h>

static bool
view_read(void *context, uint64_t address, void *into, size_t size)
{
	struct finder *finder = context;
	const struct memory_region *near = finder->near;
	if (!near || address < near->start || address >= near->end ||
	    size > near->end - address) {
		near = memory_region_of(finder->memory, address, size);
		if (!near)
			return false;
		finder->near = near;
	}
	if (near->is_direct) { /* from here on expressions read this region themselves */
		finder->view.window_start = near->start;
		finder->view.window_size = near->end - near->start;
		memory_copy(into, (const void *)(uintptr_t)address, size);
		return true;
	}
	return memory_read(finder->memory, address, into, size);
}

static bool
view_block(void *context, uint64_t address, struct profile_block *out)
{
	struct finder *finder = context;
	uint32_t i = finder->proof.candidate->block; /* nearly always */
	finder->view.told_block = true;
	if (finder->blocks.at[i].base != address)
		i = blocks_holding(&finder->blocks, address);
	if (i == BLOCKS_NONE)
		return false;
	out->base = finder->blocks.at[i].base;
	out->size = finder->blocks.at[i].size;
	return true;
}

struct profile_memory
prove_view(struct finder *finder)
{
	return (struct profile_memory){
		.context = finder, .read = view_read, .block = view_block,
	};
}

static void
set_name(struct profile_scope *scope, uint16_t name, uint64_t value)
{
	scope->values[name] = (struct profile_value){.integer = (int64_t)value};
	scope->known[name] = 1;
}

static void
begin(struct finder *finder, const struct candidate *candidate)
{
	struct profile_scope *scope = &finder->scope;
	const struct profile *profile = finder->input->profiles[candidate->profile];
	finder->proof = (struct proof){
		.candidate = candidate,
		.profile = profile,
		.map = (uint32_t)finder->maps.count,
		.claims_before = finder->claims.count,
		.values_before = finder->values.count,
		.last_walk = -1,
	};
	memset(scope->known, 0, profile->name_count);
	for (size_t i = 0; i < profile->walk_count; i++)
		scope->walks[i].done = false;
	scope->is_sized = false;
	finder->view.told_block = false;
	set_name(scope, PROFILE_NAME_HEADER, candidate->header);
	for (size_t i = 0; i < profile->anchor_count; i++) {
		const struct profile_anchor *anchor = &profile->anchors[i];
		uint64_t word, at = candidate->header + (uint64_t)(int64_t)anchor->offset;
		if (view_read(finder, at, &word, sizeof(word)))
			set_name(scope, anchor->name, word);
	}
}

static bool
is_reached_value(const struct finder *finder, uint32_t block)
{
	const struct value *values = finder->values.at;
	for (size_t i = finder->proof.values_before; i < finder->values.count; i++)
		if (values[i].block == block)
			return true;
	return false;
}

/* The last walk is the one that counts entries; those before it may prove other things. */
static bool
is_last_walk(const struct profile *profile, int step)
{
	for (int i = step + 1; i < profile->step_count; i++)
		if (profile->steps[i].kind == PROFILE_STEP_WALK)
			return false;
	return true;
}

/* Whether the block being freed can be the one entry that the walks did not meet. */
static bool
may_be_mid_erase(const struct finder *finder)
{
	const struct proof *proof = &finder->proof;
	if (finder->freeing == BLOCKS_NONE || proof->is_raised || proof->last_walk < 0 ||
	    proof->profile->erasing.length || !is_last_walk(proof->profile, proof->last_walk))
		return false;
	const struct finder_block *block = &finder->blocks.at[finder->freeing];
	if (block->map != TRACE_NONE || is_reached_value(finder, finder->freeing))
		return false;
	const struct profile_step *walk = &proof->profile->steps[proof->last_walk];
	bool has_nodes = proof->profile->walks[walk->target].is_chain && proof->node_size != 0;
	return !has_nodes || block->size == proof->node_size;
}

/* Counts the missing entry, and makes the proof go on after the last walk. */
static void
raise_census(struct finder *finder)
{
	struct proof *proof = &finder->proof;
	uint16_t walk = proof->profile->steps[proof->last_walk].target;
	finder->scope.walks[walk].live++;
	proof->is_raised = true;
	proof->step = (uint16_t)(proof->last_walk + 1);
}

/* Whether a name before this step depends on what a walk counted. */
static bool
names_census(const struct profile *profile, const struct profile_step *step)
{
	for (const struct profile_step *let = profile->steps; let < step; let++)
		if (let->kind == PROFILE_STEP_LET && let->asks_census)
			return true;
	return false;
}

static enum proof_result
refuse(struct finder *finder, const struct profile_step *step)
{
	struct proof *proof = &finder->proof;
	bool is_census = step->kind == PROFILE_STEP_REQUIRE && !step->is_busy_check &&
	                 (step->asks_census || names_census(proof->profile, step));
	if (is_census && may_be_mid_erase(finder)) {
		raise_census(finder);
		return PROOF_TRUE;
	}
	proof->line = step->line;
	proof->reason = is_census ? TRACE_REFUSED_CENSUS
	              : step->is_busy_check ? TRACE_REFUSED_BUSY
	              : TRACE_REFUSED_REQUIREMENT;
	return PROOF_REFUSED;
}

static enum proof_result
run_walk(struct finder *finder, const struct profile_step *step)
{
	struct proof *proof = &finder->proof;
	proof->last_walk = proof->step;
	enum proof_result result = walk_run(finder, step->target);
	proof->step += result == PROOF_TRUE;
	return result;
}

static enum proof_result
run_row(struct finder *finder, const struct profile_step *step)
{
	struct proof *proof = &finder->proof;
	uint16_t held = profile_run_row(proof->profile, step, &finder->scope, &finder->view);
	proof->step = (uint16_t)(proof->step + held);
	return held == profile_row(step) ? PROOF_TRUE : refuse(finder, step + held);
}

enum proof_result
prove_candidate(struct finder *finder, const struct candidate *candidate, bool walks)
{
	begin(finder, candidate);
	struct proof *proof = &finder->proof;
	enum proof_result result = PROOF_TRUE;
	while (result == PROOF_TRUE && proof->step < proof->profile->step_count) {
		const struct profile_step *step = &proof->profile->steps[proof->step];
		bool is_walk = step->kind == PROFILE_STEP_WALK;
		if (is_walk && !walks)
			return PROOF_WALK_NEXT;
		result = is_walk ? run_walk(finder, step) : run_row(finder, step);
	}
	return result;
}
