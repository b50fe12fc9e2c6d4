/*
 * How to get from a frame to its caller, by the address of its code, and which site of the trace
 * that is: what the tables of .eh_frame say, kept so that each is read once for each return
 * address.
 */
#ifndef PRELOAD_UNWIND_RULES_H
#define PRELOAD_UNWIND_RULES_H

#include "preload/hold.h"

#include <stdint.h>

/* The CFA is the stack pointer in the caller once the call has returned; the return address lies in
 * the word below it. */
enum rule_kind {
	RULE_UNKNOWN,   /* libunwind must be asked */
	RULE_RSP,       /* CFA = rsp + cfa */
	RULE_RBP,       /* CFA = rbp + cfa */
	RULE_REALIGNED, /* CFA = the word at rbp + cfa; the caller's rbp lies at rbp + 8 *
	                 * rbp_words */
	RULE_OUTERMOST, /* nothing called it */
};

enum rule_flag {
	RULE_SAVES_RBP = 1, /* the caller's rbp lies at CFA + 8 * rbp_words; else it is the present
	                     * one */
	RULE_OWN = 2,       /* a frame of this library, which is stepped through and not
	                     * published */
	RULE_LOSES_RBP = 4, /* the caller's rbp lies in another register: with RULE_UNKNOWN */
};

struct rule { /* one word: read and written at once */
	int64_t cfa_words : 24; /* `cfa` above is 8 times this */
	int64_t rbp_words : 8;
	uint64_t kind : 4, flags : 4;
	uint64_t site : 24; /* its number in the trace; 0: none */
};
_Static_assert(sizeof(struct rule) == sizeof(uint64_t), "one word");

/* The rule for the instruction at `at`: for a return address, the byte before it, since a call may
 * be a function's last instruction. One that is new is learned: see intern_learn. */
struct rule rules_find(uint64_t at);

/* Where the function that holds the instruction at `at` begins, by the tables; 0: they do not tell.
 * Takes no lock and keeps nothing: fit for a snapshot's child. */
uint64_t rules_function(uint64_t at);

/* Code may have moved: nothing that was found before holds. */
void rules_forget(void);

/* Moves with each rules_forget; what was derived from rules holds as long as it stands still. */
extern OWN uint32_t rules_moves;

static inline uint32_t
rules_generation(void)
{
	return __atomic_load_n(&rules_moves, __ATOMIC_RELAXED);
}

#endif
