/*
 * A tree of sites, innermost first, whose leaves are decisions:
 *
 *     root --malloc's caller--> 17 --its caller--> decision
 *                               17 --another-----> 18 --END--> decision
 *
 * Rule: a step is found by where it comes from and its site, in a table without chains: one that is
 * overwritten cuts off what lies behind it, since numbers are never given twice. They rise on the
 * way down, so each way ends.
 */
#include "preload/stacks/precedent.h"

#include "preload/process/tracer.h"

#include <stdbool.h>

enum { STEPS_BITS = 9, END = 0 /* no site: there is no further frame */ };

static struct step {
	uint32_t from, site; /* from 0: none */
	uint32_t to;         /* 0: the decision */
	struct trace_decision decision;
} steps[1 << STEPS_BITS];

static uint32_t last = 1, root = 1;

static uint32_t
site_of(uint32_t node)
{
	return node ? tracer_node(node)->site : END;
}

static struct step *
step_place(uint32_t from, uint32_t site)
{
	uint64_t key = (uint64_t)from << 32 | site;

	return &steps[key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - STEPS_BITS)];
}

static inline bool
step_is(const struct step *step, uint32_t from, uint32_t site)
{
	return step->from == from && step->site == site;
}

const struct trace_decision *
precedent_find(uint32_t node)
{
	uint32_t from = root;

	for (;; node = tracer_node(node)->parent) {
		uint32_t site = site_of(node);
		const struct step *step = step_place(from, site);

		if (!step_is(step, from, site))
			return NULL;
		if (!step->to)
			return &step->decision;
		from = step->to;
	}
}

/* The step from here by this site, made where there is none. */
static struct step *
step_make(uint32_t from, uint32_t site)
{
	struct step *step = step_place(from, site);

	if (!step_is(step, from, site))
		*step = (struct step){ .from = from, .site = site };
	return step;
}

void
precedent_keep(uint32_t node, uint32_t depth, const struct trace_decision *decision)
{
	uint32_t from = root;
	struct step *step;

	for (; depth > 1 && node; depth--) {
		step = step_make(from, site_of(node));
		if (!step->to)
			step->to = ++last;
		from = step->to;
		node = tracer_node(node)->parent;
	}
	step = step_make(from, site_of(node));
	step->to = 0;
	step->decision = *decision;
}

void
precedent_forget(void)
{
	root = ++last;
}
