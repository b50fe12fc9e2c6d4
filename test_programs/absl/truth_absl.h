/*
 * The truth about Abseil's maps, out of their own mouths: bucket_count() is the capacity, and the
 * library's own AllocSize() says what it asks for.
 */
#ifndef TEST_PROGRAMS_ABSL_TRUTH_ABSL_H
#define TEST_PROGRAMS_ABSL_TRUTH_ABSL_H

#include "test_programs/truth.h"

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "absl/container/node_hash_set.h"
#include <string>

template <class Map>
uint64_t
array_bytes(const Map &map)
{
	using slot = typename Map::slot_type;
	return map.bucket_count() == 0 ? 0 : absl::container_internal::AllocSize(
	    map.bucket_count(), sizeof(slot), alignof(slot));
}

inline uint64_t
out_of_line(const std::string &text)
{
	return text.capacity() > 15 ? text.capacity() + 1 : 0;
}

template <class Other>
inline uint64_t
out_of_line(const Other &)
{
	return 0;
}

template <class Key, class Value>
inline uint64_t
out_of_line(const std::pair<Key, Value> &entry)
{
	return out_of_line(entry.first) + out_of_line(entry.second);
}

/* Prints a map's line. Nodes are values: their map keeps pointers to them. */
template <class Map>
void
truth_absl(const char *name, const char *where, const Map &map, bool has_nodes,
           bool was_only_inserted)
{
	struct truth truth = {};
	truth.name = name;
	truth.where = where;
	truth.address = reinterpret_cast<uintptr_t>(&map);
	truth.count = map.size();
	truth.buckets = map.bucket_count();
	truth.capacity = absl::container_internal::CapacityToGrowth(map.bucket_count());
	truth.bucket_bytes = array_bytes(map);
	for (const auto &entry : map)
		truth.value_bytes += out_of_line(entry) + (has_nodes ? sizeof(entry) : 0);
	truth.needed_bytes = TRUTH_UNTOLD;
	truth.inserts_only = was_only_inserted;
	truth_print(&truth);
}

#endif
