# std::unordered_map, _set, _multimap and _multiset of libstdc++ on 64-bit, the ordinary one whose
# bucket counts are primes.
#
#     +0 buckets | +8 bucket count | +16 first node | +24 count | +32 f32 load | +40 next resize |
#     +48 the single bucket of a map without an array
#     node: +0 next | +8 the entry | the hash, if it is cached
#
# The list of nodes begins "before the first": in header + 16. The bucket of the first node points
# there, so a map with entries holds its own address in its array, which no copy of a header and no
# stale one does. Maps whose array is the single bucket hold no array and are not looked for.
#
# The counts of entries at which it grows, and the primes, are what the library's own
# _Prime_rehash_policy answers (asked with a program; primes below 2^47).
profile libstdcxx-unordered
title "std::unordered_map / set"
about "libstdc++ of GCC 5 to 14, 64-bit, prime bucket counts"
verified "GCC 12.2: 1 to 60 and on to 5,000 entries at load factors 0.3, 0.5, 1, 2 beside fresh maps; erase, clear, reserve, rehash(0), strings; hashers, comparisons and allocators with members; inside erase"
type "std::_Hashtable<"
minimum 16

wake module "libstdc++.so*"
wake symbol "_ZNKSt8__detail20_Prime_rehash_policy*"

wrapper "_Znwm" "_ZnwmRKSt9nothrow_t" "_ZnwmSt11align_val_t" "_ZnwmSt11align_val_tRKSt9nothrow_t"
wrapper "_ZN*9__gnu_cxx13new_allocatorI*8allocateE*" "_ZNSt15__new_allocatorI*8allocateE*"
wrapper "_ZNSaI*8allocateE*" "_ZNSt16allocator_traitsI*8allocateE*"

# reserve(), rehash() and constructors that are told a bucket count; first unoptimised, where every
# helper has a frame, then optimised.
role buckets  frames "_ZNSt8__detail16_Hashtable_allocI*19_M_allocate_bucketsE*" \
	"_ZNSt10_HashtableI*19_M_allocate_bucketsE*" "_ZNSt10_HashtableI*13_M_rehash_auxE*" \
	"_ZNSt10_HashtableI*9_M_rehashE*" "_ZNSt10_HashtableI*6rehashEm" reserved
role buckets  frames "_ZNSt8__detail16_Hashtable_allocI*19_M_allocate_bucketsE*" \
	"_ZNSt10_HashtableI*19_M_allocate_bucketsE*" "_ZNSt10_HashtableI*EC?Em*" reserved
role buckets  frames "_ZNSt10_HashtableI*9_M_rehashE*" "_ZNSt10_HashtableI*6rehashEm" reserved
role buckets  frames "_ZNSt10_HashtableI*6rehashEm" reserved
role buckets  frames "_ZNSt10_HashtableI*EC?Em*" reserved

role buckets  frames "_ZNSt8__detail16_Hashtable_allocI*19_M_allocate_bucketsE*"
role overflow frames "_ZNSt8__detail16_Hashtable_allocI*16_M_allocate_node*"
# Optimised, these two are inlined into their callers; nodes often into the user's function, and a
# constructor from a range makes both: there the structure tells.
role buckets  frames "_ZNSt10_HashtableI*13_M_rehash_auxE*"
role buckets  frames "_ZNSt10_HashtableI*9_M_rehashE*"
role buckets  frames "_ZNSt10_HashtableI*21_M_insert_unique_nodeE*"
role buckets  frames "_ZNSt10_HashtableI*20_M_insert_multi_nodeE*"
role buckets  frames "_ZNSt10_HashtableI*18_M_assign_elementsI*"
role overflow frames "_ZNSt10_HashtableI*9_M_assignI*"
role overflow frames "_ZNSt8__detail9_Map_baseI*Eix*"
role overflow frames "_ZNSt10_HashtableI*10_M_emplaceI*"
role overflow frames "_ZNSt10_HashtableI*9_M_insertI*"
role overflow frames "_ZNSt10_HashtableI*16_M_insert_uniqueI*"
role overflow frames "_ZNSt8__detail7_InsertI*6insert*"
role overflow frames "_ZNSt8__detail12_Insert_baseI*6insert*"
role overflow frames "_ZNSt8__detail12_Insert_baseI*11try_emplaceI*"
role overflow frames "_ZNSt1?unordered_*7emplaceI*"

list primes \
	2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 61 67 71 73 79 83 89 97 103 109 113 127 137 \
	139 149 157 167 179 193 199 211 227 241 257 277 293 313 337 359 383 409 439 467 503 541 \
	577 619 661 709 761 823 887 953 1031 1109 1193 1289 1381 1493 1613 1741 1879 2029 2179 \
	2357 2549 2753 2971 3209 3469 3739 4027 4349 4703 5087 5503 5953 6427 6949 7517 8123 8783 \
	9497 10273 11113 12011 12983 14033 15173 16411 17749 19183 20753 22447 24281 26267 28411 \
	30727 33223 35933 38873 42043 45481 49201 53201 57557 62233 67307 72817 78779 85229 92203 \
	99733 107897 116731 126271 136607 147793 159871 172933 187091 202409 218971 236897 256279 \
	277261 299951 324503 351061 379787 410857 444487 480881 520241 562841 608903 658753 712697 \
	771049 834181 902483 976369 1056323 1142821 1236397 1337629 1447153 1565659 1693859 \
	1832561 1982627 2144977 2320627 2510653 2716249 2938679 3179303 3439651 3721303 4026031 \
	4355707 4712381 5098259 5515729 5967347 6456007 6984629 7556579 8175383 8844859 9569143 \
	10352717 11200489 12117689 13109983 14183539 15345007 16601593 17961079 19431899 21023161 \
	22744717 24607243 26622317 28802401 31160981 33712729 36473443 39460231 42691603 46187573 \
	49969847 54061849 58488943 63278561 68460391 74066549 80131819 86693767 93793069 101473717 \
	109783337 118773397 128499677 139022417 150406843 162723577 176048909 190465427 206062531 \
	222936881 241193053 260944219 282312799 305431229 330442829 357502601 386778277 418451333 \
	452718089 489790921 529899637 573292817 620239453 671030513 725980837 785430967 849749479 \
	919334987 994618837 1076067617 1164186217 1259520799 1362662261 1474249943 1594975441 \
	1725587117 1866894511 2019773507 2185171673 2364114217 2557710269 2767159799 2993761039 \
	3238918481 3504151727 3791104843 4101556399 4294967291 6442450933 8589934583 12884901857 \
	17179869143 25769803693 34359738337 51539607367 68719476731 103079215087 137438953447 \
	206158430123 274877906899 412316860387 549755813881 824633720731 1099511627689 \
	1649267441579 2199023255531 3298534883309 4398046511093 6597069766607 8796093022151 \
	13194139533241 17592186044399 26388279066581 35184372088777 52776558133177 70368744177643 \
	105553116266399 140737488355213

anchor buckets at header points base size size % 8 == 0 && member(primes, size / 8)

field slots   u64 at header + 8
require member(primes, slots)
field load    f32 at header + 32
require load > 0.001 && load < 1000
require size(buckets) == 8 * slots
field first   ptr at header + 16
field entries u64 at header + 24
field resize  u64 at header + 40
# max_load_factor() sets it to 0 until the next insertion; some versions round up.
let planned = floor(slots * load)
require resize == 0 || resize == planned || (entries > 0 && resize == planned + 1)
# clear() frees node after node before it forgets them: the first one is gone then.
quiet first == 0 || entries == 0 || base(first) != 0
let node_size = size(first)
# An erase unlinks its node, destroys and frees it, and counts it off last: so one entry may be
# missing from the list, and the last of all may leave an empty one behind.
require first == 0 ? entries == 0 || entries == 1 : entries > 0 && node_size >= 16

let before = header + 16
walk proof table {
	at     buckets
	count  slots
	stride 8
	live   ptr[bucket] == before
	dead   ptr[bucket] != 0
}
# Without nodes all buckets are 0; else the first node's bucket points into the header, once, and
# no more buckets are in use than there are entries.
require live(proof) == (first != 0) && live(proof) + dead(proof) <= (first == 0 ? 0 : entries)

# A std::string lies there if it proves itself: out of the node, its block as large as its capacity.
walk nodes chain {
	parted_by proof
	from  first
	next  ptr[node]
	size  node_size
	limit entries
	key   node_size < 40 ? 0 : u64[node + 24] >= 16 && u64[node + 16] >= 0 \
		&& u64[node + 16] <= u64[node + 24] && size(ptr[node + 8]) - 1 == u64[node + 24] \
		? ptr[node + 8] : 0
	value node_size < 48 ? 0 : node_size >= 72 && u64[node + 56] >= 16 && u64[node + 48] >= 0 \
		&& u64[node + 48] <= u64[node + 56] && size(ptr[node + 40]) - 1 == u64[node + 56] \
		? ptr[node + 40] \
		: u64[node + 32] >= 16 && u64[node + 24] >= 0 \
		&& u64[node + 24] <= u64[node + 32] && size(ptr[node + 16]) - 1 == u64[node + 32] \
		? ptr[node + 16] : 0
}
require live(nodes) == entries || live(nodes) + 1 == entries
count live(nodes)

part buckets in buckets bytes 8 * slots
capacity planned
used_buckets live(proof) + dead(proof)
erasing entries != live(nodes)

# One by one: the first insertion asks for 11 entries' room, each later one that finds the array
# full for the larger of twice the buckets and what the entries need; the next prime is taken.
loop fit = 11 / load >= 1 ? next(primes, max(floor(11 / load) + 1, 2)) : 1 \
	while count > floor(fit * load) \
	next next(primes, max(floor((floor(fit * load) + 1) / load) + 1, 2 * fit))
let fewest = next(primes, max(1, ceil((count + 1) / load)))
needed (count == 0 || fit == 1 ? 0 : 8 * fit) + bytes(nodes)

remedy "rehash(0)" "call rehash(0): it takes the smallest bucket count that its entries allow" \
	leaves 8 * fewest + bytes(nodes) transient 8 * fewest
remedy swap "fill a fresh map with the entries that are left and swap the two" \
	leaves needed transient needed
