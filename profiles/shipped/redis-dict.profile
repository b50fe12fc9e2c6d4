# Redis's dict (dict.c of 7.0): keyspaces, expires, big hashes, sets and sorted sets, command tables.
#
#     +0 type | +8 table[2] | +24 used u64[2] | +40 rehash index, -1: none | +48 pauses i16 |
#     +50 exponent i8[2]; 56 bytes
#     table: 2^exponent pointers to chains.  entry: +0 key | +8 value | +16 next | metadata
#
# Entries have 24 bytes, 40 in a keyspace of cluster mode. Keys are sds: a pointer behind a header of
# 1 to 17 bytes. Values are objects (16 bytes; their content is a block of its own, or behind them),
# sds, or what the dict's user likes.
#
# Grows at the insertion that finds used >= size, to the next power of two, from 4 on; entries move
# to table[1] bucket by bucket, and the old table goes with the last. While a child saves, it grows
# only above 5 entries a bucket. The server's cron shrinks keyspaces that are filled below 10 %, hashes and
# sets shrink so on removal; never below 4, nor while a child saves.
profile redis-dict
title "Redis dict"
about "Redis 7.0, 64-bit: chained, two tables while rehashing"
verified "redis-server 7.0.15: keyspaces and big hashes and sets while rehashing, emptied, with and without resizing; MEMORY STATS"
minimum 32

wake symbol "dictAddRaw"

wrapper "zmalloc" "zcalloc" "ztrymalloc" "ztrycalloc" "zmalloc_usable" "zcalloc_usable"
wrapper "ztrymalloc_usable" "ztrycalloc_usable" "zcalloc_num"

role buckets  frames "_dictExpand"
role buckets  frames "dictExpand"
role buckets  frames "dictTryExpand"
role buckets  frames "dictResize"
role buckets  frames "dictAddRaw" size size != 24 && size != 40 && pow2(size)
role overflow frames "dictAddRaw"
role header   frames "dictCreate" size size == 56

anchor first at header + 8 points base size size >= 32 && pow2(size)

field type       ptr at header
field pauses     i16 at header + 48
field exponent   i8  at header + 50
field exponent_1 i8  at header + 51
field second     ptr at header + 16
field moved      i64 at header + 40
require exponent >= 2 && exponent < 48 && moved >= -1 && pauses >= 0 && pauses < 256
require type != 0 && base(type) == 0 # one of the program's constants
let slots = 1 << exponent
require size(first) == 8 * slots
field used       u64 at header + 24
field used_1     u64 at header + 32
require moved >= 0 || (second == 0 && used_1 == 0 && exponent_1 == -1)
let is_rehashing = moved >= 0
require !is_rehashing || (exponent_1 >= 2 && exponent_1 < 48 && moved <= slots)
let slots_1 = is_rehashing ? 1 << exponent_1 : 0
require size(second) == 8 * slots_1 && first != second
require used >= 0 && used_1 >= 0

# An object's content counts with it, unless its encoding (1) says that the pointer is a number.
walk main table {
	at     first
	count  slots
	stride 8
	from   ptr[bucket]
	next   ptr[node + 16]
	size   size(node) == 40 ? 40 : 24
	limit  used
	key    base(ptr[node])
	value  base(ptr[node + 8])
	value  size(ptr[node + 8]) == 16 && (u32[ptr[node + 8]] >> 4 & 15) != 1 \
		? base(ptr[ptr[node + 8] + 8]) : 0
}
walk next_main table {
	when   is_rehashing
	at     second
	count  slots_1
	stride 8
	from   ptr[bucket]
	next   ptr[node + 16]
	size   size(node) == 40 ? 40 : 24
	limit  used_1
	key    base(ptr[node])
	value  base(ptr[node + 8])
	value  size(ptr[node + 8]) == 16 && (u32[ptr[node + 8]] >> 4 & 15) != 1 \
		? base(ptr[ptr[node + 8] + 8]) : 0
}
# A removal unlinks, frees key, value and entry, and counts off last.
let missing = used + used_1 - live(main) - live(next_main)
require missing == 0 || missing == 1
let present = is_rehashing ? slots_1 : slots
count live(main) + live(next_main)

part header  in header bytes 56
part old     in is_rehashing ? first : 0 bytes 8 * slots
part buckets in is_rehashing ? second : first bytes is_rehashing ? 8 * slots_1 : 8 * slots

capacity present
growing  is_rehashing
erasing  missing != 0

let entries = bytes(main) + bytes(next_main)
let fit     = max(4, ceil_pow2(max(count, 1)))
# While it grows to a size that is needed, the table that it leaves is needed too.
let leaves  = is_rehashing && slots_1 > slots && fit == slots_1 ? 8 * slots : 0
needed count == 0 ? 0 : 8 * fit + leaves + entries
keeps count == 0 && present <= 4 ? held : 0

remedy resize "let it resize: no child that saves (BGSAVE, BGREWRITEAOF, replication) and the cron shrinks tables filled below 10 %" \
	leaves 8 * fit + entries transient 8 * fit when 10 * count < present && present > 4
remedy reload "restart it from its dump, or let a replica that has just loaded take over" \
	leaves needed transient 0 when 10 * count >= present
