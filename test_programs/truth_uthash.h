/*
 * The truth about a uthash table, by its own macros. To be expanded where the entry's type is
 * known: `head` is the table's first entry, whose handle is called hh.
 */
#ifndef TEST_PROGRAMS_TRUTH_UTHASH_H
#define TEST_PROGRAMS_TRUTH_UTHASH_H

#include "test_programs/truth.h"

#include <stdlib.h>
#include <uthash.h>

#define truth_uthash(title, head, was_only_inserted)                                               \
	truth_print(&(struct truth){                                                               \
	    .name = (title),                                                                       \
	    .where = "block",                                                                      \
	    .address = (uintptr_t)(head)->hh.tbl,                                                  \
	    .count = HASH_COUNT(head),                                                             \
	    .buckets = (head)->hh.tbl->num_buckets,                                                \
	    .capacity = (uint64_t)(head)->hh.tbl->num_buckets * HASH_BKT_CAPACITY_THRESH,          \
	    .bucket_bytes = HASH_OVERHEAD(hh, head) - sizeof(UT_hash_table) -                      \
	                    HASH_COUNT(head) * sizeof(UT_hash_handle),                             \
	    .node_bytes = HASH_COUNT(head) * sizeof(*(head)),                                      \
	    .value_bytes = TRUTH_UNTOLD,                                                           \
	    .needed_bytes = TRUTH_UNTOLD,                                                          \
	    .inserts_only = (was_only_inserted),                                                   \
	})

#endif
