# CPython's set and frozenset, of any subclass, on 64-bit.
#
#     +0 refcount | +8 type | +16 fill | +24 used | +32 mask | +40 table | +48 hash | +56 finger |
#     +64 the table of 8 places that it begins with | +192 weak references; 200 bytes
#     place: key, hash; free: key 0; removed: a key of its own, hash -1
#
# With pymalloc (the default) blocks of up to 512 bytes, 32 places, lie in arenas that malloc never
# sees; PYTHONMALLOC=malloc shows them.
#
# Grows when 5 * fill >= 3 * mask after an insertion, to the power of two above 4 times the entries
# (twice them above 50,000): that shrinks it too.
profile cpython-set
title "CPython set"
about "CPython 3.7 to 3.11, 64-bit; set, frozenset and their subclasses"
verified "Debian's python3.11: 5 to 60 and on to 2,000 entries beside fresh sets; sys.getsizeof"
minimum 512

wake symbol "PySet_Add"

wrapper "PyMem_Malloc" "PyObject_Malloc" "_PyObject_Malloc"
role buckets frames "PySet_Add" size pow2(size) && size >= 512

anchor table at header + 40 points base size size >= 512 && pow2(size)

field refcount i64 at header
field type     ptr at header + 8
field fill     i64 at header + 16
field used     i64 at header + 24
field mask     i64 at header + 32
require mask >= 31 && pow2(mask + 1) && used >= 0 && used <= fill && fill <= mask
require refcount > 0 && type > 4096
require u64[type + 32] >= 200 && u64[type + 32] < 64K
require size(table) == 16 * (mask + 1)

walk places table {
	at     table
	count  mask + 1
	stride 16
	live   ptr[bucket] != 0 && i64[bucket + 8] != -1
	dead   ptr[bucket] != 0 && i64[bucket + 8] == -1
	key    ptr[bucket] - base(ptr[bucket]) <= 32 ? base(ptr[bucket]) : 0
	home   u64[bucket + 8] & mask
	onward 5 * place + 1 + ((u64[bucket + 8] >> 1 & 0x7fffffffffffffff) \
		>> min(5 * turn - 1, 63) & mask) & mask
	run    place + 9 <= mask ? 10 : 1
	vacant ptr[table + 16 * place] == 0
}
require live(places) == used && live(places) + dead(places) == fill
count used

part header  in base(header) bytes header - base(header) <= 32 ? size(base(header)) : 0
part buckets in table bytes 16 * (mask + 1)
# The first fill that makes it grow is 3/5 of the mask, rounded up.
capacity (3 * mask + 4) / 5 - 1
tombstones dead(places)

loop fit = 8 while 5 * count >= 3 * (fit - 1) \
	next ceil_pow2(((3 * fit + 1) / 5 > 50000 ? 2 : 4) * ((3 * fit + 1) / 5) + 1)
let copy = 5 * count < 21 ? 0 : 16 * ceil_pow2(2 * count + 1)
needed fit == 8 ? 0 : 16 * fit
remedy "set(s)" "s = set(s), or clear() where it is empty" leaves copy transient copy
