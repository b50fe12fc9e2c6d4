/*
 * Parts; see parts.h. All parts of one block must add up to its requested size: the last of the
 * size proofs, and what makes every byte of the block count exactly once.
 */
#include "finder/parts.h"

static enum proof_result
refuse(struct finder *finder, enum trace_refusal reason, uint32_t line)
{
	finder->proof.reason = (uint8_t)reason;
	finder->proof.line = line;
	return PROOF_REFUSED;
}

static bool
evaluate(struct finder *finder, struct profile_expression expression, uint64_t *out)
{
	return expression.length &&
	       profile_evaluate_unsigned(finder->proof.profile, expression, &finder->scope,
	                                 &finder->view, out);
}

static enum trace_role
role_of(uint8_t kind)
{
	switch (kind) {
	case PROFILE_PART_HEADER: return TRACE_HEADER;
	case PROFILE_PART_RESERVED:
	case PROFILE_PART_OVERFLOW: return TRACE_OVERFLOW;
	case PROFILE_PART_VALUES: return TRACE_VALUES;
	}
	return TRACE_BUCKETS;
}

/* A header is a part only where a live block starts there. */
static enum proof_result
evaluate_part(struct finder *finder, const struct profile_part *text, struct parts *parts)
{
	uint64_t in, bytes;
	if (!evaluate(finder, text->in, &in) || !evaluate(finder, text->bytes, &bytes))
		return refuse(finder, TRACE_REFUSED_REQUIREMENT, text->line);
	if (in == 0)
		return PROOF_TRUE;
	bool is_header = text->kind == PROFILE_PART_HEADER;
	uint32_t block = is_header ? blocks_at(&finder->blocks, in)
	                           : blocks_holding(&finder->blocks, in);
	if (block == BLOCKS_NONE) {
		if (is_header || bytes == 0)
			return PROOF_TRUE;
		return refuse(finder, TRACE_REFUSED_REQUIREMENT, text->line);
	}
	parts->at[parts->count++] = (struct part){
		.block = block, .line = text->line, .kind = text->kind, .bytes = bytes,
	};
	return PROOF_TRUE;
}

/* All parts in the block of part `i`: their bytes, and how many they are. False: overflow. */
static bool
sum_block(const struct parts *parts, size_t i, uint64_t *bytes, size_t *count)
{
	*bytes = 0;
	*count = 0;
	for (size_t k = 0; k < parts->count; k++) {
		if (parts->at[k].block != parts->at[i].block)
			continue;
		++*count;
		if (__builtin_add_overflow(*bytes, parts->at[k].bytes, bytes))
			return false;
	}
	return true;
}

/* Drops header parts that only begin a bigger block (a structure of the guest that starts with its
 * map): that block belongs to whoever made it. */
static void
drop_embedded_headers(struct finder *finder, struct parts *parts)
{
	for (size_t i = 0; i < parts->count;) {
		uint64_t bytes;
		size_t count;
		const struct part *part = &parts->at[i];
		bool fits = sum_block(parts, i, &bytes, &count) &&
		            bytes == finder->blocks.at[part->block].size;
		if (part->kind == PROFILE_PART_HEADER && count == 1 && !fits)
			parts->at[i] = parts->at[--parts->count];
		else
			i++;
	}
}

static enum proof_result
check_parts(struct finder *finder, const struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->at[i];
		const struct finder_block *block = &finder->blocks.at[part->block];
		uint64_t bytes;
		size_t count;
		if (block->map == finder->proof.map) /* a walk reached it as a node */
			return refuse(finder, TRACE_REFUSED_WALK, part->line);
		if (block->map != TRACE_NONE)
			return refuse(finder, TRACE_REFUSED_CLAIMED, part->line);
		if (!sum_block(parts, i, &bytes, &count) || bytes != block->size)
			return refuse(finder, TRACE_REFUSED_REQUIREMENT, part->line);
	}
	return PROOF_TRUE;
}

/* One array belongs to one map: so the array that led here must be claimed. */
static enum proof_result
check_anchor(struct finder *finder, const struct parts *parts)
{
	const struct candidate *candidate = finder->proof.candidate;
	for (size_t i = 0; i < parts->count; i++)
		if (parts->at[i].block == candidate->block)
			return PROOF_TRUE;
	return refuse(finder, TRACE_REFUSED_REQUIREMENT,
	              finder->proof.profile->anchors[candidate->anchor].line);
}

enum proof_result
parts_evaluate(struct finder *finder, struct parts *parts)
{
	const struct profile *profile = finder->proof.profile;
	parts->count = 0;
	for (size_t i = 0; i < profile->part_count; i++)
		if (evaluate_part(finder, &profile->parts[i], parts) != PROOF_TRUE)
			return PROOF_REFUSED;
	drop_embedded_headers(finder, parts);
	if (check_parts(finder, parts) != PROOF_TRUE)
		return PROOF_REFUSED;
	return check_anchor(finder, parts);
}

/* One claim a block and role, however many parts. */
static int
claim_part(struct finder *finder, const struct part *part)
{
	uint32_t role = role_of(part->kind);
	struct finder_claim *claims = finder->claims.at;
	size_t first_part = finder->claims.count < PROFILE_PARTS_MAX
	                        ? 0 : finder->claims.count - PROFILE_PARTS_MAX;
	if (part->bytes == 0)
		return 0;
	for (size_t i = finder->claims.count; i-- > first_part;) {
		if (claims[i].block == part->block && claims[i].role == role) {
			claims[i].bytes += part->bytes;
			return 0;
		}
	}
	struct finder_claim *claim = array_add(&finder->claims, sizeof(*claim), 1);
	if (!claim)
		return -1;
	*claim = (struct finder_claim){.block = part->block, .map = finder->proof.map,
	                               .role = role, .bytes = part->bytes};
	return 0;
}

int
parts_claim(struct finder *finder, const struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		finder->blocks.at[parts->at[i].block].map = finder->proof.map;
		if (claim_part(finder, &parts->at[i]) != 0)
			return -1;
	}
	return 0;
}
