/*
 * The steps of one candidate's proof, in the order of the profile's text.
 */
#ifndef FINDER_PROVE_H
#define FINDER_PROVE_H

#include "finder/state.h"

/* How expressions of profiles see the finder's memory and blocks. */
struct profile_memory prove_view(struct finder *finder);

/* Proves a candidate from its first step on, into finder->proof and finder->scope. With `walks`
 * false stops before the first walk (PROOF_WALK_NEXT). PROOF_CUT: out of time or memory. */
enum proof_result prove_candidate(struct finder *finder, const struct candidate *candidate,
                                  bool walks);

#endif
