# khash, klib's hash tables by macros (KHASH_INIT and its kin), as in htslib and many others, on 64-bit.
#
#     header, mostly a block of its own: +0 slots u32 | +4 count u32 | +8 used u32 | +12 most u32 |
#     +16 flags | +24 keys | +32 values, 0 for sets | 40
#
# Three arrays: of flags 2 bits a slot (2: never used, 1: deleted, 0: an entry), 16 to a u32, and of
# keys and values. `used` counts entries and deleted ones; an insertion that finds used at 0.77 of the
# slots doubles them, or cleans up where entries are few. Nothing ever shrinks it by itself.
#
# The functions are static and often inlined, so the structure tells where no symbol does.
profile khash
title "khash"
about "klib's khash.h 0.2.6 to 0.2.8 and htslib's, 64-bit"
verified "htslib 1.16's khash.h: 1 to 60 and on to 5,000 entries beside fresh tables; maps and sets; kh_del, kh_clear, kh_resize; text keys"
minimum 32

# Tables of up to 64 slots have flags of up to 16 bytes, too small to look for.
wake always

wrapper "xmalloc" "xrealloc" "hts_resize_array_"

role header  frames "kh_init_*" size size == 40
role buckets frames "kh_resize_*"
role buckets frames "kh_put_*"

anchor flags at header + 16 points base size size >= 32 && pow2(size)

field slots u32 at header
require slots == 4 * size(flags)
field most  u32 at header + 12
require most == floor(slots * 0.77 + 0.5)
field entries u32 at header + 4
field used    u32 at header + 8
require entries <= used && used <= most
field keys    ptr at header + 24
field values  ptr at header + 32
let key_bytes   = size(keys)
let value_bytes = values == 0 ? 0 : size(values)
require key_bytes >= slots && key_bytes % slots == 0
require values == 0 || (value_bytes >= slots && value_bytes % slots == 0)
require flags != keys && keys != values && flags != values
let key_width   = key_bytes / slots
let value_width = value_bytes / slots

# Hashes are not kept. Searches go by klib's own of integers: with one of a program's own, or with keys
# that are texts, some of 16 or more come to a free cell, and nothing is told of them.
walk cells table {
	at     flags
	count  slots / 16
	stride 4
	cells  16
	live   (u32[bucket] >> (2 * cell) & 3) == 0
	dead   (u32[bucket] >> (2 * cell) & 3) == 1
	key    key_width == 8 ? ptr[keys + 8 * (16 * index + cell)] : 0
	value  value_width == 8 ? ptr[values + 8 * (16 * index + cell)] : 0
	home   (entries < 16 ? -1 : key_width == 4 ? u32[keys + 4 * (16 * index + cell)] & slots - 1 \
		: key_width != 8 ? -1 : u64[keys + 8 * (16 * index + cell)] & slots - 1 \
		^ (u64[keys + 8 * (16 * index + cell)] & slots - 1) << 11 & slots - 1 \
		^ u64[keys + 8 * (16 * index + cell)] >> 33 & slots - 1)
	onward place + turn & slots - 1
	vacant u32[flags + 4 * (place >> 4)] >> 2 * (place & 15) & 2
}
require live(cells) == entries && live(cells) + dead(cells) == used
count entries

part header  in header bytes 40
part buckets in flags  bytes slots / 4
part buckets in keys   bytes key_bytes
part buckets in values bytes value_bytes
capacity most
tombstones dead(cells)

# At the moment of its growth the arrays of keys and values have twice their size already, which
# their slots do not show: so a full table's may be half as wide.
let width = key_width + value_width
let may_grow = used == most && 2 * entries >= slots && key_width % 2 == 0
let least = !may_grow ? width : key_width / 2 + (value_width % 2 == 0 ? value_width / 2 : value_width)
let target = max(4, ceil_pow2(floor(count / 0.77) + 2))
loop fit = 4 while count > floor(fit * 0.77 + 0.5) next 2 * fit
needed count == 0 ? 0 : 4 * max(1, fit / 16) + least * fit \
	to count == 0 ? 0 : 4 * max(1, fit / 16) + width * fit

remedy kh_resize "call kh_resize(NAME, h, kh_size(h) / 0.77 + 2)" \
	leaves 4 * max(1, target / 16) + width * target transient 4 * max(1, target / 16) \
	when target < slots
remedy rebuild "put the entries that are left into a new table" leaves needed transient needed
