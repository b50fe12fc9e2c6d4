# PHP's zend_array (HashTable), on 64-bit: arrays, symbol tables, property tables, the engine's own.
#
#     +0 references u32 | +4 type u8, 7 | +8 flags u32: 4 packed, 8 no table yet | +12 mask i32 |
#     +16 data | +24 used u32 | +28 count u32 | +32 size u32 | +48 destructor; 56 bytes
#     packed table: 8 bytes | values of 16 bytes; data points at the first value
#     hash table:   2 * size links of 4 bytes | buckets of 32; data points at the first bucket
#     bucket: value | +16 hash | +24 key, 0: a number.   value: +8 its type u8, 0: deleted
#
# A place is used once: an unset one is a hole. A full table is compacted where more than 1/32 of it
# are holes, else it doubles, from 8 on; it never shrinks, and a copy has its size.
#
# By default tables lie in the chunks of Zend's allocator, which maps them itself: only tables that
# outlive requests (functions, classes, settings) come from malloc. USE_ZEND_ALLOC=0 shows all.
profile php-array
title "PHP array"
about "PHP 8.2 and 8.3, 64-bit: packed and hash; of requests with USE_ZEND_ALLOC=0 only"
verified "Debian's php 8.2: 1 to 60 and on to 2,000 entries beside fresh arrays; memory_get_usage"
minimum 136

wake symbol "zend_hash_real_init"

wrapper "__zend_malloc" "__zend_realloc" "_emalloc*" "_erealloc*" "_safe_emalloc" "_safe_malloc" "_safe_realloc"
wrapper "__zend_calloc"
role header  frames "_zend_new_array*" size size == 56
role header  frames "zend_array_dup" size size == 56
role buckets frames "zend_hash_extend" size size == 160 || (size >= 136 \
	&& ((size % 40 == 0 && pow2(size / 40)) || (size % 16 == 8 && pow2((size - 8) / 16)))) reserved
role buckets frames "zend_hash_*" size size == 160 || (size >= 136 \
	&& ((size % 40 == 0 && pow2(size / 40)) || (size % 16 == 8 && pow2((size - 8) / 16))))
role buckets frames "zend_array_dup" size size == 160 || (size >= 136 \
	&& ((size % 40 == 0 && pow2(size / 40)) || (size % 16 == 8 && pow2((size - 8) / 16))))

anchor data at header + 16 points inside size size == 160 || (size >= 136 \
	&& ((size % 40 == 0 && pow2(size / 40)) || (size % 16 == 8 && pow2((size - 8) / 16))))

field references u32 at header
field type  u8  at header + 4
field flags u32 at header + 8
field mask  i32 at header + 12
field used  u32 at header + 24
field entries u32 at header + 28
field slots u32 at header + 32
require references > 0 && (type & 15) == 7 && (flags & 8) == 0
require slots >= 8 && pow2(slots) && entries <= used && used <= slots
let is_packed = (flags & 4) != 0
require mask == (is_packed ? -2 : -2 * slots)
let block  = data + 4 * mask
let stride = is_packed ? 16 : 32
# A request's first packed table is asked for by its class of Zend's sizes, 160 bytes for 136.
let asked = -4 * mask + stride * slots
require size(block) == asked || (size(block) == 160 && asked == 136)

# Strings, arrays and objects are blocks of their own.
walk places table {
	at     data
	count  used
	stride stride
	live   u8[bucket + 8] != 0
	dead   u8[bucket + 8] == 0
	key    is_packed ? 0 : ptr[bucket + 24]
	value  u8[bucket + 8] >= 6 && u8[bucket + 8] <= 8 ? ptr[bucket] : 0
	home   is_packed ? index : u32[block + 4 * (u64[bucket + 16] & 2 * slots - 1)]
	onward u32[data + 32 * place + 12]
	vacant place >= used
}
# A removal counts off first, then lets the key go, then marks the place.
require live(places) == entries || live(places) == entries + 1
walk names table {
	when   !is_packed
	at     data
	count  used
	stride stride
	live   u8[bucket + 8] != 0 && ptr[bucket + 24] != 0
}
let named = live(names)
count entries

part header  in header bytes 56
part buckets in block  bytes size(block)
capacity slots
tombstones dead(places)
erasing live(places) != entries

# Inserted one by one: numbers from 0 on make a packed table, names a hash table; numbers with gaps the
# one or the other, by their order.
loop fit = 8 while count > fit next 2 * fit
let is_list  = is_packed && used == count
let is_named = named > 0 && named == live(places)
let packed = fit == 8 ? size(block) == 136 ? 136 : 160 : 8 + 16 * fit
let least  = named > 0 ? 40 * fit : packed
let most   = is_list ? packed : is_named ? 40 * fit : 80 * fit
needed count == 0 ? 0 : least to count == 0 ? 0 : most
remedy rebuild "put the entries into a new array, key by key: a copy, also by value, has the old one's size" \
	leaves needed transient needed
remedy array_values "where the keys are only numbers and do not matter: array_values()" \
	leaves packed transient packed when is_packed && used != count && count > 0
