# The Go-style map of test_programs/gomap.h: fields, buckets and growth as in Go 1.19's map[K]V on
# amd64, made with malloc. Real Go programs never call malloc and are read otherwise.
#
# Bucket: 8 tophash bytes | 8 key slots | 8 value slots | overflow pointer. tophash 0 free, and all
# after it; 1 free; 2 to 4 moved to the new array; from 5 on an entry. One block holds the 2^B
# buckets of an array and, from B = 4 on, 2^(B-4) more in reserve for overflow.
profile gohmap
title "Go-style map"
about "the classic Go map (to 1.23) on malloc: 8 cells a bucket, load factor 6.5"
verified "test_programs/gomap: B 0 to 10 beside fresh maps, 18 by the article; growing; all values"
minimum 24

# Its fields prove it without symbols, in stripped programs too.
wake always

role header   frames "gomap_header_new"
role header   frames "gomap_extra_new"
role buckets  frames "gomap_buckets_with_reserve_new" split 16/17 overflow
role buckets  frames "gomap_buckets_new"
role overflow frames "gomap_overflow_new"
role values   frames "gomap_indirect_new"

# A bucket has 24 to 4,096 bytes; with a reserve there are 17 * 2^k of them.
anchor buckets at header + 16 points base \
	size size >= 24 && size % 8 == 0 && (size <= 32K || size % (8 * 17) == 0)

field flags    u8  at header + 8
field B        u8  at header + 9
require flags < 16 && B <= 40
field entries  i64 at header
require entries >= 0 && size(header) >= 56
field old      ptr at header + 24
field moved    u64 at header + 32
field extra    ptr at header + 40
field kind     ptr at header + 48

field stride     u64 at kind
field key_slot   u8  at kind + 8
field value_slot u8  at kind + 9
field kind_flags u8  at kind + 10
require stride == 16 + 8 * (key_slot + value_slot) && kind_flags < 8

# A growth sets `old` and B before it has its new array: until then the array is still the old one.
let same_size = (flags & 8) != 0
let starting  = old == buckets
let bits      = starting && !same_size ? B - 1 : B
require bits >= 0
let slots     = 1 << bits
let reserve   = bits >= 4 ? slots >> 4 : 0
require size(buckets) == stride * (slots + reserve)
require entries <= 8 || entries <= 13 * (slots / 2)

let leaving     = starting ? 0 : old
let old_slots   = leaving == 0 ? 0 : same_size ? slots : slots / 2
let old_reserve = old_slots >= 16 ? old_slots >> 4 : 0
require leaving == 0 || (old_slots > 0 && moved < old_slots)
require size(leaving) == stride * (old_slots + old_reserve)

walk main table {
	at     buckets
	count  slots
	stride stride
	cells  8
	live   u8[bucket + cell] >= 5
	dead   u8[bucket + cell] == 1
	next   ptr[bucket + stride - 8]
	size   stride
	key    kind_flags & 1 ? ptr[bucket + 8 + cell * key_slot] : 0
	value  kind_flags & 6 ? ptr[bucket + 8 + 8 * key_slot + cell * value_slot] : 0
}
walk previous table {
	when   leaving != 0
	at     leaving
	count  old_slots
	stride stride
	cells  8
	live   u8[bucket + cell] >= 5
	next   ptr[bucket + stride - 8]
	size   stride
	key    kind_flags & 1 ? ptr[bucket + 8 + cell * key_slot] : 0
	value  kind_flags & 6 ? ptr[bucket + 8 + 8 * key_slot + cell * value_slot] : 0
}
require live(main) + live(previous) == entries
count entries

part header   in header  bytes size(header)
part header   in extra   bytes size(extra)
part buckets  in buckets bytes stride * slots
part reserved in buckets bytes stride * reserve
part old      in leaving bytes stride * old_slots
part reserved in leaving bytes stride * old_reserve

capacity   bits == 0 ? 8 : 13 * (slots / 2)
tombstones dead(main)
growing    leaving != 0

# A write that finds count > 8 and count > 6.5 * 2^B doubles the array first.
loop fit = 0 while count > 8 && count > 13 * ((1 << fit) / 2) next fit + 1
let fit_slots   = 1 << fit
let fit_reserve = fit >= 4 ? fit_slots >> 4 : 0
# While growing to a size that is needed, the array that is being left is needed too: its entries'
# place in the new one is not known yet, and insertions alone lead here.
let chained = fit == bits ? fold(main, fit) : fold(main, previous, fit)
let leaves  = fit == bits ? stride * (old_slots + old_reserve) + bytes(previous) : 0
let pointer_stride = 8 + 8 * key_slot + 64 + 8
# A fresh map has no array before its first insertion.
needed count == 0 ? 0 : stride * (fit_slots + fit_reserve + max(0, chained - fit_reserve)) + leaves

remedy rebuild "make a new map, insert the entries that are left, drop the old one" \
	leaves needed transient needed
remedy pointers "store pointers to the values: a cell takes 8 bytes, a value goes with its entry" \
	leaves pointer_stride * (slots + reserve + blocks(main)) \
	transient pointer_stride * (slots + reserve + blocks(main)) + count * value_slot \
	when value_slot > 8 && (kind_flags & 2) == 0
