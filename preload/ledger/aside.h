/* Live blocks that do not fit a word of shadow memory, in a table with locks; see ledger.c. */
#ifndef PRELOAD_LEDGER_ASIDE_H
#define PRELOAD_LEDGER_ASIDE_H

#include "preload/ledger/ledger.h"

/* Keeps a block whose address is not in the table. False: no memory. */
bool aside_put(const struct ledger_block *block);

/* Looks for a block, and takes it out if asked to; false: not there. */
bool aside_look(uint64_t address, bool take, struct ledger_block *out);

/* Where nothing changes: in a frozen child or with changes stopped. */
void aside_each(void (*visit)(const struct ledger_block *block, void *context), void *context);

/* In a forked child no lock can be trusted. */
void aside_after_fork(void);

#endif
