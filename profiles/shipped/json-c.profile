# json-c's lh_table: what json_object of type object is, and what programs make themselves.
#
#     +0 size i32 | +4 count i32 | +8 first entry | +16 last | +24 table | +32 free | +40 hash |
#     +48 equal; 56 bytes
#     entry: +0 key, -1 free, -2 deleted | +8 key is constant i32 | +16 value | +24 next | +32 previous
#
# Open addressing. Doubles at the insertion that finds count >= 0.66 * size, from 16 on for objects;
# never shrinks. Deleted places count for nothing, so a table that is used long enough holds almost
# no free ones.
profile json-c
title "json-c object"
about "json-c 0.13 to 0.17, 64-bit: lh_table"
verified "json-c 0.16: objects of 1 to 60 and on to 5,000 members beside fresh ones, deletions, deep copies, tables of odd sizes"
minimum 40

wake module "libjson-c.so*"
wake symbol "lh_table_new"

role header  frames "lh_table_new" size size == 56
role buckets frames "lh_table_new" size size % 40 == 0

anchor table at header + 24 points base size size % 40 == 0

field slots   i32 at header
field entries i32 at header + 4
field head    ptr at header + 8
field tail    ptr at header + 16
field hash    ptr at header + 40
field equal   ptr at header + 48
require slots > 0 && entries >= 0 && entries <= slots
require size(table) == 40 * slots
require hash > 4096 && equal > 4096
let past = table + 40 * slots
require head == 0 ? tail == 0 : head >= table && head < past && (head - table) % 40 == 0 \
	&& tail >= table && tail < past && (tail - table) % 40 == 0
require head == 0 || (ptr[head + 32] == 0 && ptr[tail + 24] == 0)

walk places table {
	at     table
	count  slots
	stride 40
	live   i64[bucket] != -1 && i64[bucket] != -2
	dead   i64[bucket] == -2
	key    i32[bucket + 8] ? 0 : ptr[bucket]
	value  ptr[bucket + 16]
}
# A deletion counts off first, then frees key and value, then marks the place.
require live(places) == entries || live(places) == entries + 1
count entries

part header  in header bytes 56
part buckets in table  bytes 40 * slots
capacity ceil(0.66 * slots)
tombstones dead(places)
erasing live(places) != entries

# Objects begin with 16; with which size another program's table began is not known.
let is_object = slots >= 16 && pow2(slots)
loop fit = 16 while is_object && count > ceil(0.66 * fit) next 2 * fit
loop least = slots while !is_object && least % 2 == 0 && count <= ceil(0.66 * (least / 2)) next least / 2
needed is_object ? 40 * fit : 40 * least to is_object ? 40 * fit : 40 * slots
remedy "deep copy" "json_object_deep_copy() the object, or add its members to a new one, and drop the old one" \
	leaves needed transient needed
