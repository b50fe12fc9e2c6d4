# CPython's dict, of any subclass, on 64-bit.
#
#     object: +0 refcount | +8 type | +16 used | +24 version | +32 keys | +40 values (split only)
#     keys:   +0 refcount | +8 log2 of slots u8 | +9 log2 of index bytes u8 | +10 kind u8 | +16 usable |
#             +24 entries | +32 index | entries: [hash,] key, value
#
# Kind 0: any keys, 24 bytes an entry; 1: str only, 16 bytes; 2: split, the keys belong to a class
# and serve all its instances, so they are no dict's own and not told here. An entry's place is used
# once: a deleted one is a hole until the next resize.
#
# With pymalloc (the default) blocks of up to 512 bytes lie in arenas that malloc never sees: dicts of
# up to 21 entries (10 of them not str). All larger ones, and with PYTHONMALLOC=malloc every one, are
# proved by their size.
#
# Grows when the last place is used, to the smallest power of two that is at least 3 times the
# entries: that shrinks it too.
profile cpython-dict
title "CPython dict"
about "CPython 3.11, 64-bit; dict and its subclasses, not the shared keys of instances"
verified "Debian's python3.11: 1 to 60 and on to 2,000 entries beside fresh dicts, str, int and mixed keys; sys.getsizeof"
minimum 120

wake symbol "PyDict_SetItem"

# Sizes of keys: 2^3 to 2^36 slots, both kinds.
list sizes \
	120 160 208 288 400 568 768 1104 1520 2200 3264 4624 6512 9240 12992 18448 25968 36888 \
	51904 73744 103792 147480 207552 294928 415088 589848 961216 1310736 1922416 2621464 \
	3844800 5242896 7689584 10485784 15379136 20971536 30758256 41943064 61516480 83886096 \
	123032944 167772184 246065856 335544336 492131696 671088664 984263360 1342177296 \
	1968526704 2684354584 3937053376 5368709136 7874106736 10737418264 15748213440 21474836496 \
	31496426864 42949672984 80172722880 103079215120 160345445744 206158430232 320690891456 \
	412316860432 641381782896 824633720856 1282763565760 1649267441680

# The smallest keys are kept for reuse when their dict dies: those belong to nobody.
wrapper "PyObject_Malloc" "PyMem_Malloc" "_PyObject_Malloc"
role buckets frames "PyDict_SetItem" size size > 120 && member(sizes, size)
role buckets frames "PyDict_SetItemString" size size > 120 && member(sizes, size)
role buckets frames "PyDict_SetDefault" size size > 120 && member(sizes, size)
role buckets frames "PyDict_Copy" size size > 120 && member(sizes, size)
role buckets frames "PyDict_Merge" size size > 120 && member(sizes, size)
role buckets frames "PyDict_Update" size size > 120 && member(sizes, size)
role buckets frames "_PyDict_SetItem_KnownHash" size size > 120 && member(sizes, size)

anchor keys at header + 32 points base size member(sizes, size)

field type     ptr at header + 8
field refcount i64 at header
field used     i64 at header + 16
require type > 4096 && refcount > 0 && used >= 0
require u64[type + 168] >> 29 & 1
field values   ptr at header + 40
field kind     u8  at keys + 10
require values == 0 && kind < 2
field log2_slots u8  at keys + 8
field log2_index u8  at keys + 9
field usable     i64 at keys + 16
field nentries   i64 at keys + 24
require log2_slots >= 3 && log2_slots <= 36
let places = (2 << log2_slots) / 3
let width  = kind == 1 ? 16 : 24
require size(keys) == 32 + (1 << log2_index) + width * places
require usable >= 0 && nentries >= 0 && usable + nentries <= places
# A resize installs the new keys, frees the old ones and counts last.
quiet nentries != 0 || used == 0
require used <= nentries

# A search goes from place to place of the index, whose numbers of entries are 1 to 8 bytes wide: -1 is
# free, -2 was used. A key that is a str keeps its hash itself.
let slots = 1 << log2_slots
let wide  = log2_index - log2_slots

# Objects begin up to 32 bytes within their blocks, behind what the collector keeps.
walk entries table {
	at     keys + 32 + (1 << log2_index)
	count  nentries
	stride width
	live   ptr[bucket + width - 8] != 0
	dead   ptr[bucket + width - 8] == 0
	key    ptr[bucket + width - 16] - base(ptr[bucket + width - 16]) <= 32 \
		? base(ptr[bucket + width - 16]) : 0
	value  ptr[bucket + width - 8] - base(ptr[bucket + width - 8]) <= 32 \
		? base(ptr[bucket + width - 8]) : 0
	home   u64[kind == 1 ? ptr[bucket] + 24 : bucket] & slots - 1
	onward 5 * place + 1 + ((u64[kind == 1 ? ptr[bucket] + 24 : bucket] >> 1 \
		& 0x7fffffffffffffff) >> min(5 * turn - 1, 63) & slots - 1) & slots - 1
	found  index == (wide == 0 ? i8[keys + 32 + place] : wide == 1 ? i16[keys + 32 + 2 * place] \
		: wide == 2 ? i32[keys + 32 + 4 * place] : i64[keys + 32 + 8 * place])
	vacant -1 == (wide == 0 ? i8[keys + 32 + place] : wide == 1 ? i16[keys + 32 + 2 * place] \
		: wide == 2 ? i32[keys + 32 + 4 * place] : i64[keys + 32 + 8 * place])
}
require live(entries) == used
# Keys whose type is str itself: a dict of these alone takes 16 bytes an entry.
walk strings table {
	when   kind == 0
	at     keys + 32 + (1 << log2_index)
	count  nentries
	stride width
	live   ptr[bucket + 16] != 0 && (u64[ptr[ptr[bucket + 8] + 8] + 168] & 0x10000200) == 0x10000000
}
let is_str = kind == 1 || live(strings) == used
count used

part header  in base(header) bytes header - base(header) <= 32 ? size(base(header)) : 0
part buckets in keys bytes size(keys)
capacity places
tombstones dead(entries)

loop fit = 3 while count > (2 << fit) / 3 next fit + 1
let index_bytes = fit < 8 ? 1 << fit : fit < 16 ? 2 << fit : fit < 32 ? 4 << fit : 8 << fit
# CPython rounds a wanted number of slots up with (wanted | 8) - 1: 32 becomes 64. A dict of str alone
# that gets another key is rebuilt at once for 3 times its entries; how many they were then is not known.
let rebuilt = log2((3 * live(strings) | 8) - 1 | 7) + 1
let mixed   = is_str || live(strings) == 0 ? fit : max(fit, rebuilt)
let mixed_index = mixed < 8 ? 1 << mixed : mixed < 16 ? 2 << mixed : mixed < 32 ? 4 << mixed : 8 << mixed
let fresh_width = is_str ? 16 : 24
# A copy without holes and of the right size is made as it is.
let is_tight   = nentries == count && (log2_slots == 3 || (1 << log2_slots) / 3 < count)
let copy       = is_tight ? log2_slots : log2(((3 * count + 1) / 2 | 8) - 1 | 7) + 1
let copy_index = copy < 8 ? 1 << copy : copy < 16 ? 2 << copy : copy < 32 ? 4 << copy : 8 << copy
let copied     = count == 0 ? 0 : 32 + copy_index + width * ((2 << copy) / 3)
needed count == 0 ? 0 : 32 + index_bytes + fresh_width * ((2 << fit) / 3) \
	to count == 0 ? 0 : 32 + mixed_index + fresh_width * ((2 << mixed) / 3)
remedy "dict(d)" "d = dict(d), or clear() where it is empty: not copy(), which keeps its size while a third of it is holes" \
	leaves copied transient copied
