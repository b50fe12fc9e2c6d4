# Ruby's st_table: Hash of more than 8 entries, Set, and tables of the interpreter, on 64-bit.
#
#     +0 log2 of entries u8 | +1 log2 of bins u8 | +2 bytes of a bin: 1 << this u8 | +4 rebuilds u32 |
#     +8 type | +16 count | +24 bins | +32 first entry | +40 entries in use | +48 entries; 56 bytes
#     entry: +0 hash, -1 deleted | +8 key | +16 value
#
# Up to 16 entries there are no bins. A place is used once: a deleted entry is a hole until the table
# is rebuilt. A Hash of up to 8 entries has no st_table, unless it was larger.
#
# Grows when all places are used: to the power of two above 2 * count - 1, or in place, where half of
# them are holes and not three quarters. Hash#delete rebuilds for 2 * count where three quarters are
# free; shift, select!, reject!, compact! and deletions within an iteration leave it.
profile ruby-st
title "Ruby Hash (st_table)"
about "Ruby 2.4 to 3.2, 64-bit; Hash with more than 8 entries, Set, the interpreter's own tables"
verified "Debian's ruby 3.1.7: 9 to 60 and on to 2,000 entries beside fresh ones; ObjectSpace.memsize_of, rehash, dup"
minimum 96

wake symbol "rb_st_init_table_with_size"

wrapper "ruby_xmalloc" "ruby_xmalloc2" "ruby_xcalloc" "rb_gc_impl_malloc"
role header  frames "rb_st_init_table_with_size" size size == 56
role buckets frames "rb_st_init_table_with_size"
role header  frames "rb_st_copy" size size == 56
role buckets frames "rb_st_copy"

anchor entries at header + 48 points base size size % 24 == 0 && pow2(size / 24)

field log2_entries u8 at header
field log2_bins    u8 at header + 1
field log2_bin     u8 at header + 2
require log2_entries >= 2 && log2_entries < 40 && log2_bins == log2_entries + 1
require log2_bin == (log2_entries < 8 ? 0 : log2_entries < 16 ? 1 : log2_entries < 32 ? 2 : 3)
require size(entries) == 24 << log2_entries
field type  ptr at header + 8
field used  u64 at header + 16
field bins  ptr at header + 24
field first u64 at header + 32
field bound u64 at header + 40
require type > 4096 && used >= 0 && first >= 0 && first <= bound && bound <= 1 << log2_entries
require used <= bound - first
let bins_bytes = log2_entries <= 4 ? 0 : (1 << log2_bins) << log2_bin
require bins_bytes == 0 ? bins == 0 : size(bins) == bins_bytes

# A search goes from bin to bin (0 is free, 1 was used, from 2 on numbers of entries), in a table without
# bins from entry to entry.
let bins_mask = (1 << log2_bins) - 1

# Of strings that do not fit into their objects the content lies in a block; objects themselves lie in
# the collector's pages.
walk places table {
	at     entries
	count  bound
	stride 24
	live   i64[bucket] != -1
	dead   i64[bucket] == -1
	key    (u64[ptr[bucket + 8]] & 0x201f) == 0x2005 ? ptr[ptr[bucket + 8] + 24] : 0
	value  (u64[ptr[bucket + 16]] & 0x201f) == 0x2005 ? ptr[ptr[bucket + 16] + 24] : 0
	home   bins == 0 ? first : u64[bucket] & bins_mask
	onward bins == 0 ? place + 1 : 5 * place + 1 + ((u64[bucket] >> 1 & 0x7fffffffffffffff) \
		>> min(11 * turn - 1, 63) & bins_mask) & bins_mask
	found  index == (bins == 0 ? place : (log2_bin == 0 ? u8[bins + place] : log2_bin == 1 \
		? u16[bins + 2 * place] : log2_bin == 2 ? u32[bins + 4 * place] \
		: u64[bins + 8 * place]) - 2)
	vacant bins == 0 ? place >= bound : 0 == (log2_bin == 0 ? u8[bins + place] : log2_bin == 1 \
		? u16[bins + 2 * place] : log2_bin == 2 ? u32[bins + 4 * place] : u64[bins + 8 * place])
}
require live(places) == used
count used

part header  in header  bytes 56
part buckets in entries bytes 24 << log2_entries
part buckets in bins    bytes bins_bytes
capacity 1 << log2_entries
tombstones dead(places)

# A Hash begins with 32 places at its 9th entry, another table with 4 or what its maker asked for: which
# one this is, the table does not say.
loop fit = 2 while count > 1 << fit next fit + 1
let least = count <= 8 ? 0 : (24 << fit) + (fit <= 4 ? 0 : (2 << fit) << (fit < 8 ? 0 : fit < 16 ? 1 : fit < 32 ? 2 : 3))
let most  = count <= 8 ? 24 << fit : fit <= 5 ? 832 : least
# rehash takes the power of two above the count.
let again  = count < 4 ? 2 : log2(count) + 1
let leaves = (24 << again) + (again <= 4 ? 0 : (2 << again) << (again < 8 ? 0 : again < 16 ? 1 : again < 32 ? 2 : 3))
needed least to most
remedy rehash "call Hash#rehash, or delete() any one key outside of iterations; dup and clone keep the size" \
	leaves leaves transient leaves + 56
