# uthash: hash tables by macros, in the user's own structures, on 64-bit.
#
#     table, a block of its own: +0 buckets | +8 bucket count u32 | +12 its log2 | +16 items u32 |
#     +24 tail handle | +32 offset of the handle in an entry | +40 ideal chain | +44 non-ideal |
#     +48 ineffective expansions | +52 no expansion any more | +56 signature 0xa0111fe1
#     bucket: +0 first handle | +8 count u32 | +12 expand_mult u32
#     handle: +0 table | +8 previous entry | +16 next entry | +24, +32 chain | +40 key | +48 keylen |
#     +52 hash
#
# Everything is inlined into the user's functions, so no role comes by symbol: the structure tells.
# Entries are the user's blocks (role values). Deleting the last one frees table and buckets.
profile uthash
title "uthash"
about "uthash 1.9.9 to 2.3, 64-bit, with and without Bloom filter"
verified "uthash 2.3: 1 to 60 and on to 5,000 entries beside fresh tables, then cleared and filled again; integer and string keys, poor hashes; inside deletions"
minimum 512

wake always

anchor buckets at header points base size size >= 512 && pow2(size)

field signature u32 at header + 56
require signature == 0xa0111fe1
field slots     u32 at header + 8
field bits      u32 at header + 12
field items     u32 at header + 16
field tail      ptr at header + 24
field offset    i64 at header + 32
field stopped   u32 at header + 52
require bits <= 31 && slots == 1 << bits && slots >= 32
require size(buckets) == 16 * slots
require size(header) == 64 || size(header) == 80
require items > 0 && tail != 0 && offset >= 0 && offset < 1M
require ptr[tail] == header && ptr[tail + 16] == 0

walk chains table {
	at      buckets
	count   slots
	stride  16
	entries u32[bucket + 8]
}
require live(chains) == items

# In order of insertion, from the last: an entry's handle holds its predecessor's address.
walk elements chain {
	from  tail - offset
	next  ptr[node + offset + 8]
	block node + offset
	role  values
	limit items
	hash  u32[node + offset + 52]
}
require live(elements) == items
count items

part header  in header  bytes size(header)
part buckets in buckets bytes 16 * slots
capacity 10 * slots

# It doubles when a bucket reaches 10 entries, later for buckets that were above the ideal length at
# the last doubling (expand_mult), so the order of insertion matters: the list has it, and is entered
# again. Where versions of uthash would differ, or the hashes lead elsewhere, a range is certain: 32
# buckets double at the first chain of 10; at every size some bucket is not above the ideal, so it
# doubles at the latest when all chains have 10. And it never doubles while all are shorter.
let grown = regrown(elements, chains, 5)
loop most = 5 while most < bits && deepest(chains, most) >= 10 next most + 1
loop least = deepest(chains, 5) >= 10 ? min(6, bits) : 5 \
	while least < most && !stopped && shallowest(chains, least) >= 10 next least + 1
needed 16 << (grown < 0 ? least : grown) to 16 << (grown < 0 ? most : grown)

remedy rebuild "HASH_CLEAR() keeps the entries: then add those that are left again" \
	leaves needed transient 0
