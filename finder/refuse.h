/*
 * Candidates that passed their size proof and failed later, as the rows of the trace: what the
 * reader of a report is told about maps that nobody could prove.
 */
#ifndef FINDER_REFUSE_H
#define FINDER_REFUSE_H

#include "finder/state.h"

/* Whether the refusal of the candidate in finder->proof is told: its size was proved, or the caller
 * keeps all. */
bool refuse_is_kept(const struct finder *finder);

/* Notes it if so. */
void refuse_note(struct finder *finder);

/* Notes a candidate whose array belongs to another map already. */
void refuse_note_claimed(struct finder *finder, const struct candidate *candidate);

/* After the last map: one row a profile, line and reason into finder->refused. Each array counts
 * once a profile, by the best placed header; not at all where a map owns it in the end, except that
 * two live headers for one array are always told. Returns 0, or -1 when memory was refused. */
int refuse_add_up(struct finder *finder);

#endif
