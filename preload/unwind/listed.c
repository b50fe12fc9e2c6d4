/*
 * Nodes for stacks that libunwind listed. Called by stack.c where our own rules end.
 *
 *     last    root, ... , frame k, frame k + 1, ...     what both have from the root on is not
 *     pcs     root, ... , frame k, other, ...           looked up
 *
 * libunwind takes a frame pointer that lies in another register from the innermost frame's, or
 * stops: beyond the caller of a frame that keeps it there nothing is known, and the list is cut.
 *
 * Rule: a longjmp out of here leaves no half of a list behind.
 */
#include "preload/unwind/listed.h"

#include "preload/unwind/rules.h"
#include "trace/format.h"

/* How many frames, from the root on, the list has in common with the last one. */
static size_t
listed_common(const uint64_t *pcs, size_t count, const struct listed *last)
{
	size_t at = 0;

	while (at < count && at < last->count && last->pcs[at] == pcs[count - 1 - at])
		at++;
	return at;
}

/* Code that no module has, as compilers in the guest write it, has a site all the same. */
static struct rule
listed_rule(uint64_t pc)
{
	struct rule rule = rules_find(pc - 1);

	if (!rule.site) {
		intern_learn();
		rule.site = intern_site(pc, TRACE_SITE_NO_MODULE);
	}
	return rule;
}

static struct leaf
listed_leaf(const struct leaf *outer, uint32_t site)
{
	uint32_t path = intern_path(outer->path, site);
	struct leaf leaf = intern_find(outer, path, site);

	if (!leaf.node) {
		intern_learn();
		leaf = intern_make(outer, path, site);
	}
	return leaf;
}

struct leaf
listed_find(struct listed *last, const uint64_t *pcs, size_t count, bool *cut)
{
	size_t at = listed_common(pcs, count, last), lost = at >= last->lost ? last->lost : 0;
	struct leaf leaf = { 0, 0, 0 };

	if (at)
		leaf = last->leaves[at - 1];
	last->count = 0;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	for (; at < count; at++) {
		uint64_t pc = pcs[count - 1 - at];
		struct rule rule = listed_rule(pc);

		if (rule.flags & RULE_LOSES_RBP) {
			if (at > 1)
				return listed_find(last, pcs, count - (at - 1), cut);
			lost = at + 1;
		}
		leaf = listed_leaf(&leaf, rule.site);
		if (!leaf.node)
			return leaf;
		last->pcs[at] = pc;
		last->leaves[at] = leaf;
	}
	*cut |= lost > 0;
	last->lost = lost;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	last->count = count;
	return leaf;
}
