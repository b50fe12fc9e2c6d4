/*
 * The tree of all stacks, in the trace: a node for each distinct frame under its callers. Looking
 * up what is known takes no lock; what is new takes one lock of its own, under which nothing of the
 * guest runs.
 */
#ifndef PRELOAD_STACKS_INTERN_H
#define PRELOAD_STACKS_INTERN_H

#include <stdbool.h>
#include <stdint.h>

/* A frame under its callers. */
struct leaf {
	uint32_t node; /* 0: the root, or the trace is full */
	uint32_t path; /* where it has its place in the tree; 0: the root */
	uint32_t end;  /* the stack that ends here, see stacks.h; 0: not known */
};

/* Its place follows from its callers' alone, without a look-up: so the nodes of several frames can
 * be on their way to the processor at once (intern_expect). */
uint32_t intern_path(uint32_t outer, uint32_t site);
void intern_expect(uint32_t path);

/* The leaf of a frame under its caller's; `path` is its own. Node 0: it is not known. */
struct leaf intern_find(const struct leaf *outer, uint32_t path, uint32_t site);

/* The leaf that lies at `path`, and its caller's node, where one of this site does: a guess, since
 * other callers' may lie there. Node 0: there is none. */
struct leaf intern_guess(uint32_t path, uint32_t site, uint32_t *outer);

/* ---- under the lock */

void intern_lock(void);
void intern_unlock(void);
void intern_after_fork(void); /* child of a raw clone: no lock can be trusted */

/* The lock for all that one stack has that is new: it is taken at the first of it, and no more
 * until intern_learned, which stacks_identify ends with. Nothing of the guest and no other unwinder
 * runs meanwhile, and of the guest's stack only pages are read that just were: no signal comes
 * through, so a fault would be the end. */
void intern_learn(void);
void intern_learned(void);

/* The number in the trace of what pc is in module `module` (or TRACE_SITE_NO_MODULE). 0: there is
 * no room for it. */
uint32_t intern_site(uint64_t pc, uint16_t module);

/* What intern_find gives, made where it is new. Node 0: there is no room. */
struct leaf intern_make(const struct leaf *outer, uint32_t path, uint32_t site);

/* What intern_find gives of a node that there is. */
uint32_t intern_end(const struct leaf *leaf);
void intern_set_end(const struct leaf *leaf, uint32_t end);

#endif
