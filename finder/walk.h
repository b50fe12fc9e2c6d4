/*
 * Walks the tables and chains of one candidate: counts entries for its census and takes every block
 * that it reaches, provisionally.
 */
#ifndef FINDER_WALK_H
#define FINDER_WALK_H

#include "finder/state.h"

/* Runs walk number `index` of finder->proof's profile. Fills its census in the scope; blocks
 * reached are claimed for proof.map, keys and values noted. PROOF_REFUSED: reason and line are in
 * proof. */
enum proof_result walk_run(struct finder *finder, uint16_t index);

#endif
