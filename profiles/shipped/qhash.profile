# Qt 5's QHash, QMultiHash and QSet on 64-bit.
#
#     header, a block of its own, shared by copies: +0 0, which ends every list | +8 buckets |
#     +16 references i32 | +20 count i32 | +24 node size i32 | +28 bits asked for i16 | +30 bits i16 |
#     +32 bucket count i32 | +36 seed | +40 flags ... 48
#     node: +0 next | +8 hash u32 | the key, at +12 or, where it is aligned to 8, at +16 | the value
#
# An empty bucket and the end of each list hold the header's own address. The bucket count is the
# first prime above a power of two (17 at least), as Qt lists them. It grows by one power when there
# are as many entries as buckets. remove() and take() shrink it by two once 7/8 are empty, unless
# reserve() asked for that many; erase(it) does not look. A container that never held an entry
# points at a constant.
profile qhash
title "QHash / QSet"
about "Qt 5.0 to 5.15, 64-bit"
verified "Qt 5.15.8: 1 to 60 and on to 5,000 entries beside fresh ones; QHash, QMultiHash, QSet; remove, erase, clear, reserve, squeeze; QString"
type "QHash<"
minimum 136

wake module "libQt5Core.so*"
wake symbol "_ZN9QHashData6rehashEi"

wrapper "_Znwm" "_Znam" "_Z10qMallocAlignedmm" "_Z14qMallocAlignedmm"

role header   frames "_ZN9QHashData13detach_helperE*" size size == 48
role overflow frames "_ZN9QHashData12allocateNodeEi"
role buckets  frames "_ZN9QHashData6rehashEi" "_ZN5QHashI*7reserveEi" reserved
role buckets  frames "_ZN9QHashData6rehashEi"
role buckets  frames "_ZN9QHashData13detach_helperE*"

list primes 17 37 67 131 257 521 1031 2053 4099 8209 16411 32771 65537 131101 262147 524309 \
	1048583 2097169 4194319 8388617 16777259 33554467 67108879

anchor buckets at header + 8 points base size size % 8 == 0 && member(primes, size / 8)

field slots i32 at header + 32
require size(buckets) == 8 * slots && member(primes, slots)
require size(header) == 48
field bits      i16 at header + 30
field asked     i16 at header + 28
require bits == log2(slots) && asked >= 0 && asked <= bits
field entries   i32 at header + 20
field node_size i32 at header + 24
require entries >= 0 && node_size >= 12 && node_size < 1M && u64[header] == 0

# A QString lies there if the word points at the start of a live block.
walk chains table {
	at     buckets
	count  slots
	stride 8
	from   ptr[bucket]
	next   ptr[node]
	end    header
	size   node_size
	limit  entries
	key    node_size >= 24 ? ptr[node + 16] : 0
	value  node_size >= 32 ? ptr[node + 24] : 0
}
require live(chains) == entries
count entries

part header  in header  bytes 48
part buckets in buckets bytes 8 * slots
capacity slots

# squeeze() lets the lists grow to two entries a bucket.
let fewest = next(primes, max(17, count / 2))
loop fit = 17 while count > fit next next(primes, fit + 1)
needed (count == 0 ? 0 : 8 * fit) + bytes(chains)
keeps count > slots / 8 || bits <= asked ? held : 0

remedy squeeze "call squeeze(): it takes the smallest bucket count with at most two entries each" \
	leaves 8 * fewest + bytes(chains) transient fewest == slots ? 0 : 8 * fewest
remedy rebuild "insert the entries into a new QHash" leaves needed transient needed
