/*
 * What a result says as rows of a snapshot. The bytes of a Go heap belong to two stacks, which have
 * no frames: one for what something reaches, one for garbage that the collector has yet to take
 * (TRACE_STACK_GARBAGE). Called by who writes such rows: the analyzer for programs that it reads
 * from outside, the library for those that it lives in.
 *
 *     golang_find --> maps, claims, totals --account--> MAPS, CLAIMS, LIVE
 *
 * What must never break: what was not seen to be garbage counts as reached.
 */
#ifndef GOLANG_ACCOUNT_H
#define GOLANG_ACCOUNT_H

#include "golang/golang.h"

enum golang_stack_of { GOLANG_REACHED, GOLANG_GARBAGE, GOLANG_ACCOUNTS };

struct golang_account {
	uint32_t profile;                  /* numbers in the trace */
	uint32_t stacks[GOLANG_ACCOUNTS];
};

/* By enum golang_layout: the shipped profiles that give maps their titles and advice. */
extern const char *const golang_profiles[GOLANG_LAYOUTS];

/* The row of a map; its texts and where_module are left to the caller. */
void golang_account_map(const struct golang_account *account, const struct golang_map *map,
                        struct trace_map *row);

/* The claims of all maps by stack and role; blocks 0: there are none. */
void golang_account_claims(const struct golang_account *account, const struct golang_result *result,
                           struct trace_claim sums[GOLANG_ACCOUNTS * TRACE_ROLES]);

void golang_account_live(const struct golang_account *account, const struct golang_result *result,
                         struct trace_live live[GOLANG_ACCOUNTS]);

#endif
