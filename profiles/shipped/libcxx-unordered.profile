# std::unordered_map, _set, _multimap and _multiset of LLVM's libc++ on 64-bit.
#
#     +0 buckets | +8 bucket count | allocator | +16 first node | allocator | +24 count |
#     a hasher with members, padded to 8 | f32 load
#     node: +0 next | +8 hash | +16 the entry
#
# The list of nodes begins "before the first": in header + 16. The bucket of the first node points
# there, so a map with entries holds its own address in its array, which no copy of a header and no
# stale one does. An allocator with members stands there twice and moves the fields behind it: by 8 or
# by 16 bytes each time; maps of larger ones are refused.
#
# The bucket count is a prime, or a power of two where the user asked for one. It counts in float.
profile libcxx-unordered
title "std::unordered_map / set of libc++"
about "libc++ 7 to 18, 64-bit"
verified "libc++ 14: 1 to 60 and on to 5,000 entries at load factors 0.3, 0.5, 1, 2, with prime and power-of-two counts, beside fresh maps; erase, clear, reserve, rehash(0), strings, hashers and allocators with members"
type "std::__1::__hash_table<"
minimum 8

wake module "libc++.so*"
wake symbol "_ZNSt3__112__hash_table*"

wrapper "_Znwm" "_ZnwmRKSt9nothrow_t" "_ZnwmSt11align_val_t" "_ZnwmSt11align_val_tRKSt9nothrow_t"
wrapper "_ZNSt3__1*__libcpp_allocate*" "_ZNSt3__1*__libcpp_operator_new*"
wrapper "_ZNSt3__19allocatorI*8allocateE*" "_ZNSt3__116allocator_traitsI*8allocateE*"

# reserve(), rehash() and constructors that are told a bucket count: what grows calls rehash() too,
# so it shows only where the caller above it is one of these.
role buckets  frames "_ZNSt3__112__hash_tableI*8__rehashE*" "_ZNSt3__112__hash_tableI*6rehashE*" \
	"_ZNSt3__112__hash_tableI*7reserveE*" reserved
role buckets  frames "_ZNSt3__112__hash_tableI*8__rehashE*" "_ZNSt3__112__hash_tableI*6rehashE*" \
	"_ZNSt3__1??unordered_*7reserveE*" reserved
role buckets  frames "_ZNSt3__112__hash_tableI*8__rehashE*" "_ZNSt3__112__hash_tableI*6rehashE*" \
	"_ZNSt3__1??unordered_*6rehashE*" reserved
role buckets  frames "_ZNSt3__112__hash_tableI*8__rehashE*"
role buckets  frames "_ZNSt3__112__hash_tableI*6rehashE*"
# Optimised, the two above stay functions of their own; nodes are made in their callers, often in
# the user's function, where the structure tells.
role overflow frames "_ZNSt3__112__hash_tableI*16__construct_nodeI*"
role overflow frames "_ZNSt3__112__hash_tableI*21__construct_node_hashI*"
role overflow frames "_ZNSt3__112__hash_tableI*25__emplace_unique_key_argsI*"
role overflow frames "_ZNSt3__112__hash_tableI*16__emplace_uniqueI*"
role overflow frames "_ZNSt3__112__hash_tableI*21__emplace_unique_implI*"
role overflow frames "_ZNSt3__112__hash_tableI*15__emplace_multiI*"
role overflow frames "_ZNSt3__112__hash_tableI*20__emplace_hint_multiI*"
role overflow frames "_ZNSt3__112__hash_tableI*14__insert_multiI*"
role overflow frames "_ZNSt3__113unordered_map*27__construct_node_with_keyE*"

anchor buckets at header points base size size >= 8 && size % 8 == 0

field slots   u64 at header + 8
require slots >= 1 && slots < 1 << 40
require size(buckets) == 8 * slots
let allocator = u32[header + 16] == u32[header + 32] ? 8 : u64[header + 16] != 0 \
	&& u64[header + 16] == u64[header + 40] && u64[header + 24] == u64[header + 48] ? 16 : 0
let before = header + 16 + allocator
field first   ptr at before
field entries u64 at before + 8 + allocator
let node_size = size(first)
require first == 0 ? entries == 0 : entries > 0 && node_size >= 17
# The load factor is 1 unless the user says otherwise; one that does, with a hasher whose members
# stand before it, is taken to be what those say, if that can be one.
let behind  = before + 16 + allocator
let at_load = u32[behind] == 0x3f800000 ? 0 : u32[behind + 8] == 0x3f800000 ? 8 \
	: u32[behind + 16] == 0x3f800000 ? 16 : 0
field load    f32 at behind + at_load
require load > 0.001 && load < 1000
require pow2(slots) || next_prime(slots) == slots

walk proof table {
	at     buckets
	count  slots
	stride 8
	live   ptr[bucket] == before
	dead   ptr[bucket] != 0
}
# Without nodes all buckets are 0; else the first node's bucket points into the header, once, and
# no more buckets are in use than there are entries.
require live(proof) == (first != 0) && live(proof) + dead(proof) <= entries

# A std::string lies there if it proves itself: its capacity is odd (the mark of a long one), its
# block as large as that says.
walk nodes chain {
	parted_by proof
	from  first
	next  ptr[node]
	size  node_size
	limit entries
	key   node_size < 40 ? 0 : (u64[node + 16] & 1) == 1 && u64[node + 16] > 16 \
		&& u64[node + 24] >= 0 && u64[node + 24] < u64[node + 16] - 1 \
		&& size(ptr[node + 32]) == u64[node + 16] - 1 ? ptr[node + 32] : 0
	value node_size < 48 ? 0 : node_size >= 64 && (u64[node + 40] & 1) == 1 \
		&& u64[node + 40] > 16 && u64[node + 48] >= 0 && u64[node + 48] < u64[node + 40] - 1 \
		&& size(ptr[node + 56]) == u64[node + 40] - 1 ? ptr[node + 56] \
		: (u64[node + 24] & 1) == 1 && u64[node + 24] > 16 \
		&& u64[node + 32] >= 0 && u64[node + 32] < u64[node + 24] - 1 \
		&& size(ptr[node + 40]) == u64[node + 24] - 1 ? ptr[node + 40] : 0
}
require live(nodes) == entries
count entries

part buckets in buckets bytes 8 * slots
capacity floor(single(single(slots) * load))
used_buckets live(proof) + dead(proof)

# One by one: the first insertion asks for one entry's room, each later one that finds the array full
# for twice the buckets, which is never less than the entries need; then the next prime, unless that
# is a power of two.
let ask   = max(1, ceil(single(1 / load)))
let start = ask == 1 ? 2 : pow2(ask) ? ask : next_prime(ask)
loop fit  = start while single(count) > single(single(fit) * load) \
	next fit > 2 && pow2(fit) ? 2 * fit : next_prime(2 * fit + 1)
let enough = ceil(single(single(count) / load))
let wanted = slots > 2 && pow2(slots) ? enough < 2 ? enough : ceil_pow2(enough) \
	: enough == 0 ? 0 : next_prime(enough)
let fewest = min(wanted, slots)
needed (count == 0 ? 0 : 8 * fit) + bytes(nodes)

remedy "rehash(0)" "call rehash(0): it takes the smallest bucket count that its entries allow" \
	leaves 8 * fewest + bytes(nodes) transient fewest < slots ? 8 * fewest : 0
remedy swap "fill a fresh map with the entries that are left and swap the two" \
	leaves needed transient needed
