# memcached's hash table of items (assoc.c of 1.6): globals, not a header. What stands for it is the
# address of primary_hashtable, and GCC lays its neighbours out backwards, as here:
#
#     -32 the maintenance thread | -24 next bucket to move u64 | -16 is expanding u8 | -8 old table |
#     +0 primary table
#     table: 2^n chains.  item: +16 next in chain | +32 bytes i32 | +36 references u16 | +38 flags u16 |
#     +40 slab class u8 | +41 key length u8
#
# The three states of an expansion fit together exactly: never expanded (move 0, old 0), expanding
# (old is half as large, move within it), expanded (move is half the size; the old pointer stays).
# No count is kept where it can be found, so nothing but the walk says how many items there are: what
# other threads store or move while the memory is copied may be missed.
#
# Items lie in slabs, blocks of a megabyte that they share: they count here, and take no bytes. With
# huge pages (-L) slabs are no blocks, and nothing is said.
#
# Doubles when items > 1.5 * size, from 2^16 on (-o hashpower); never shrinks.
profile memcached
title "memcached's hash table"
about "memcached 1.6.18, 64-bit, as GCC 12 lays its globals out"
verified "Debian's memcached 1.6.18, stripped: empty, filled, emptied, expanding; stats"
minimum 32K

wake module "memcached"

anchor primary at header points base size size >= 32K && pow2(size)

field thread ptr at header - 32
field moved  u64 at header - 24
field state  u8  at header - 16
field old    ptr at header - 8
# An expansion sets the old table before it asks for the new one.
quiet primary != old
require thread > 4096 && state < 2
let slots = size(primary) / 8
require moved >= 0 && moved <= slots / 2
require state == 1 ? old > 4096 && moved < slots / 2 \
	: moved == 0 ? old == 0 : old > 4096 && moved == slots / 2
require state == 0 || size(old) == 4 * slots

# Another thread moves one bucket after the other: what comes in meanwhile goes to the old table for
# those not yet moved, so the two new buckets of the next one are empty until it is begun. Its first item
# is cut off from the second a store before it hangs in its new bucket.
let half  = 4 * slots
let first = state == 1 ? ptr[old + 8 * moved] : 0
quiet first == 0 || (ptr[primary + 8 * moved] == 0 && ptr[primary + half + 8 * moved] == 0 \
	&& ptr[first + 16] != 0)

walk items table {
	at     primary
	count  slots
	stride 8
	from   ptr[bucket]
	next   ptr[node + 16]
	block  node
	valid  u16[node + 36] >= 1 && (u16[node + 38] & 1) == 1 && u8[node + 41] > 0 \
		&& i32[node + 32] >= 0 && (u8[node + 40] & 63) > 0
	role   other
	limit  64 * slots
}
walk unmoved table {
	when   state == 1
	at     old
	count  slots / 2
	stride 8
	from   ptr[bucket]
	next   ptr[node + 16]
	block  node
	valid  u16[node + 36] >= 1 && (u16[node + 38] & 1) == 1 && u8[node + 41] > 0 \
		&& i32[node + 32] >= 0 && (u8[node + 40] & 63) > 0
	role   other
	limit  64 * slots
}
count live(items) + live(unmoved)

part buckets in primary bytes 8 * slots
part old     in state == 1 ? old : 0 bytes 4 * slots

capacity slots * 3 / 2
growing  state == 1

# Where it began hangs on -o hashpower: at the size that it has, if it never expanded; else at most at
# half of it, and hardly below 2^16, where it begins by itself, unless it is no larger now.
let is_first = moved == 0 && state == 0
loop fit = is_first ? slots : min(slots / 2, 64K) while 2 * count > 3 * fit next 2 * fit
let leaving = state == 1 && fit == slots ? 4 * slots : 0
needed 8 * fit + leaving to 8 * max(fit, is_first ? slots : slots / 2) + leaving
remedy restart "restart it (-o hashpower=N sets the size that it begins with): it never shrinks" \
	leaves 8 * fit transient 0
