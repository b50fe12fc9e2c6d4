# GLib's GHashTable, maps and sets, on 64-bit.
#
#     +0 size | +8 mod i32 | +12 mask u32 | +16 nnodes | +20 noccupied | +24 bits: 1 big keys, 2 big
#     values | +32 keys | +40 hashes | +48 values (== keys: a set) | +56 functions ... 96
#
# Three arrays of `size` members: hashes of 4 bytes (0 free, 1 tombstone), keys and values of 4
# bytes or, once one of them does not fit, of 8. The header comes from GSlice: in a slab, or in a
# block of its own (G_SLICE=always-malloc, GLib 2.76 on).
#
# Grows when size <= occupied + occupied/16, shrinks on removal when size > 4 * count and size > 8;
# both go to the smallest power of two above 4/3 of the count, at least 8. Removal through an
# iterator does not look.
profile ghashtable
title "GHashTable"
about "GLib 2.60 to 2.78, 64-bit: open addressing, three arrays"
verified "GLib 2.74: 1 to 60 and on to 5,000 entries beside fresh tables, then one removed; maps, sets, remove, iterator; inside remove and remove_all"
minimum 32

wake module "libglib-2.0.so*"
wake symbol "g_hash_table_new"

wrapper "g_malloc" "g_malloc0" "g_realloc" "g_malloc_n" "g_malloc0_n" "g_realloc_n"
wrapper "g_try_malloc" "g_try_malloc0" "g_try_realloc" "g_slice_alloc" "g_slice_alloc0"
wrapper "g_memdup" "g_memdup2"

role header  frames "g_hash_table_new_full" size size == 96
role header  frames "g_hash_table_new" size size == 96
role buckets frames "g_hash_table_new_full" size size == 32
role buckets frames "g_hash_table_new" size size == 32
role buckets frames "g_hash_table_insert"
role buckets frames "g_hash_table_replace"
role buckets frames "g_hash_table_add"
role buckets frames "g_hash_table_remove"
role buckets frames "g_hash_table_steal"
role buckets frames "g_hash_table_steal_extended"
role buckets frames "g_hash_table_remove_all"
role buckets frames "g_hash_table_steal_all"
role buckets frames "g_hash_table_destroy"
role buckets frames "g_hash_table_foreach_remove"
role buckets frames "g_hash_table_foreach_steal"
role buckets frames "g_hash_table_iter_replace"
role buckets frames "g_hash_table_new_similar" size size == 32

anchor hashes at header + 40 points base size size >= 32 && pow2(size)

field slots    u64 at header
field modulus  u32 at header + 8
field mask     u32 at header + 12
field entries  u32 at header + 16
field occupied u32 at header + 20
require slots >= 8 && pow2(slots) && mask == slots - 1
require entries <= occupied && occupied <= slots
require size(hashes) == 4 * slots
field bits     u8  at header + 24
field keys     ptr at header + 32
field values   ptr at header + 48
let key_width   = bits & 1 ? 8 : 4
let value_width = values == keys ? 0 : bits & 2 ? 8 : 4
require size(keys) == key_width * slots
require values == keys || size(values) == value_width * slots
require hashes != keys && hashes != values

walk cells table {
	at     hashes
	count  slots
	stride 4
	live   u32[bucket] >= 2
	dead   u32[bucket] == 1
	key    key_width == 8 ? ptr[keys + 8 * index] : 0
	value  value_width == 8 ? ptr[values + 8 * index] : 0
	home   (11 * u32[bucket] & 0xffffffff) % modulus
	onward place + turn & mask
	vacant u32[hashes + 4 * place] == 0
}
require live(cells) == entries && live(cells) + dead(cells) == occupied
count entries

part header  in header bytes 96
part buckets in hashes bytes 4 * slots
part buckets in keys   bytes key_width * slots
part buckets in value_width == 0 ? 0 : values bytes value_width * slots

# The first count that makes it grow: size <= n + n/16.
capacity slots - slots / 17 - 1
tombstones dead(cells)

let width = 4 + key_width + value_width
# Insertions only: at the count where `fit` is full it becomes the power of two above 4/3 of it.
loop fit = 8 while count + count / 16 >= fit next 2 * fit
# What the next removal leaves: it is counted off first. Entries move within the arrays, by a bit for
# each slot.
let few   = floor(1.333 * max(count - 1, 0))
let small = few == 0 ? 8 : max(8, 2 << log2(few))
let left  = slots > 8 && slots > 4 * (count - 1) || slots <= occupied + occupied / 16 ? small : slots
needed width * fit
keeps slots <= 8 || slots <= 4 * count ? held : 0
remedy remove "any g_hash_table_remove() shrinks it by itself; removing through an iterator does not" \
	leaves width * left transient (slots + 31) / 32 * 4 when count > 0 && left < slots
remedy remove_all "g_hash_table_remove_all() shrinks a table that an iterator has emptied" \
	leaves width * 8 transient (slots + 31) / 32 * 4 when count == 0 && slots > 8
remedy rebuild "insert the entries into a new table" leaves needed transient needed
