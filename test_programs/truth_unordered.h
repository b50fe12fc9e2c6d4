/*
 * The truth about unordered containers of libstdc++ and libc++, out of their own mouths:
 * bucket_count(), size(), max_load_factor(), and the type of their nodes. What a fresh map would
 * hold is tried, not computed.
 */
#ifndef TEST_PROGRAMS_TRUTH_UNORDERED_H
#define TEST_PROGRAMS_TRUTH_UNORDERED_H

#include "test_programs/truth.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

/* Bytes of an object's own block besides itself: those of a string too long for its short
 * buffer. */
template <class Other>
inline uint64_t
out_of_line(const Other &)
{
	return 0;
}

inline uint64_t
out_of_line(const std::string &text)
{
	const char *start = reinterpret_cast<const char *>(&text);
	bool is_within = text.data() >= start && text.data() < start + sizeof(text);
	return is_within ? 0 : text.capacity() + 1;
}

template <class Key, class Value>
inline uint64_t
out_of_line(const std::pair<Key, Value> &entry)
{
	return out_of_line(entry.first) + out_of_line(entry.second);
}

#ifdef _LIBCPP_VERSION

template <class Map>
uint64_t
bucket_bytes(const Map &map)
{
	return map.bucket_count() * sizeof(void *);
}

template <class Map>
uint64_t
node_bytes(const Map &map)
{
	return map.size() * sizeof(std::__hash_node<typename Map::value_type, void *>);
}

#else

/* A map of one bucket keeps it within itself. */
template <class Map>
uint64_t
bucket_bytes(const Map &map)
{
	return map.bucket_count() == 1 ? 0 : map.bucket_count() * sizeof(void *);
}

template <class Map>
uint64_t
node_bytes(const Map &map)
{
	using key = typename Map::key_type;
	constexpr bool is_cached = std::__cache_default<key, typename Map::hasher>::value;
	return map.size() *
	       sizeof(std::__detail::_Hash_node<typename Map::value_type, is_cached>);
}

#endif

template <class Map>
uint64_t
bytes_of_fresh(const Map &map)
{
	Map fresh(0, map.hash_function(), map.key_eq(), map.get_allocator());
	fresh.max_load_factor(map.max_load_factor());
	for (const auto &entry : map)
		fresh.insert(entry);
	return bucket_bytes(fresh) + node_bytes(fresh);
}

/* In libstdc++ the fields begin behind a hasher, a comparison or an allocator that has members of
 * its own. */
template <class Map>
uintptr_t
header_of(const Map &map)
{
	uintptr_t address = reinterpret_cast<uintptr_t>(&map);
#ifndef _LIBCPP_VERSION
	address += sizeof(map) - sizeof(std::unordered_set<int>);
#endif
	return address;
}

/* Prints a map's line. `was_only_inserted`: nothing was ever removed, nor asked for in advance. */
template <class Map>
void
truth_unordered(const char *name, const char *where, const Map &map, bool was_only_inserted)
{
	struct truth truth = {};
	truth.name = name;
	truth.where = where;
	truth.address = header_of(map);
	truth.count = map.size();
	truth.buckets = map.bucket_count();
	truth.capacity = static_cast<uint64_t>(map.bucket_count() * map.max_load_factor());
	truth.bucket_bytes = bucket_bytes(map);
	truth.node_bytes = node_bytes(map);
	for (const auto &entry : map)
		truth.value_bytes += out_of_line(entry);
	truth.needed_bytes = bytes_of_fresh(map);
	truth.inserts_only = was_only_inserted;
	truth_print(&truth);
}

#endif
