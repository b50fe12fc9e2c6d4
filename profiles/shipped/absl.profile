# Abseil's flat_hash_map, flat_hash_set, node_hash_map and node_hash_set on x86-64.
#
#     +0 ctrl | +8 slots | +16 count | +24 capacity | +32 entries that may come until it grows
#     the block: ctrl: capacity bytes | 0xff | the first 15 again | pad | capacity slots
#
# A control byte is 0x80 (free), 0xfe (tombstone) or 7 bits of the hash (an entry). The capacity is
# 2^k - 1; at most 7/8 of it is used. A map that never held an entry points at a constant. The
# node_ forms keep pointers to their entries, which lie in blocks of their own: role values. A flat
# set of pointers looks the same, and what it points at counts the same.
#
# Whatever its hasher and allocator are, these five fields come first. A program that is stripped and
# has Abseil within itself shows no name of it: there the allocation functions of C++ wake this profile,
# and the proof decides, as it does anywhere.
profile absl
title "absl::flat_hash_map / node_hash_map"
about "Abseil LTS 20200923 to 20220623, x86-64 with SSE2"
verified "Debian's 20220623: 1 to 60 and on to 5,000 entries beside fresh maps; flat and node forms, maps and sets, slots of 1 to 208 bytes; erase, clear, reserve, rehash(0); strings; within a stripped program"
type "absl::container_internal::raw_hash_set<"
minimum 18

wake module "libabsl_raw_hash_set.so*"
wake symbol "_ZN4absl*18container_internal12raw_hash_set*"
wake import "_Znwm" "_ZdlPv*"

wrapper "_Znwm" "_ZnwmSt11align_val_t" "_ZnwmRKSt9nothrow_t"
wrapper "_ZN9__gnu_cxx13new_allocatorI*8allocateE*" "_ZNSt15__new_allocatorI*8allocateE*"
wrapper "_ZNSaI*8allocateE*" "_ZNSt16allocator_traitsI*8allocateE*"
wrapper "_ZN4absl*18container_internal8AllocateI*"

# reserve(), rehash() and constructors that are told a size; first unoptimised.
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*16initialize_slotsE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*6resizeE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*7reserveE*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*16initialize_slotsE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*6resizeE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*6rehashE*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*16initialize_slotsE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*EC?Em*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*6resizeE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*7reserveE*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*6resizeE*" \
	"_ZN4absl*18container_internal12raw_hash_setI*6rehashE*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*EC?Em*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*7reserveE*" reserved
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*16initialize_slotsE*"
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*6resizeE*"
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*14prepare_insertE*"
role buckets frames "_ZN4absl*18container_internal12raw_hash_setI*27rehash_and_grow_if_necessaryE*"
role values  frames "_ZN4absl*18container_internal17NodeHashMapPolicyI*11new_elementI*"
role values  frames "_ZN4absl*17NodeHashSetPolicyI*11new_elementI*"

anchor ctrl at header points base size size >= 18

field capacity u64 at header + 24
require capacity >= 1 && pow2(capacity + 1)
field slots   ptr at header + 8
field entries u64 at header + 16
field spare   u64 at header + 32
let bytes_before = slots - ctrl
require bytes_before >= capacity + 16 && bytes_before < capacity + 48
let full = capacity - capacity / 8
require entries >= 0 && spare >= 0 && entries <= full && entries + spare <= full
let slot = (size(ctrl) - bytes_before) / capacity
require slot >= 1 && bytes_before + slot * capacity == size(ctrl)
require u8[ctrl + capacity] == 0xff

walk copy table {
	at     ctrl
	count  min(capacity, 15)
	stride 1
	live   u8[bucket] == u8[bucket + capacity + 1]
}
require live(copy) == min(capacity, 15)

# A std::string proves itself: out of the slot, its block as large as its capacity.
walk cells table {
	at     ctrl
	count  capacity
	stride 1
	live   u8[bucket] < 0x80
	dead   u8[bucket] == 0xfe
	key    slot % 8 != 0 ? 0 : slot == 8 ? ptr[slots + 8 * index] : slot < 32 ? 0 \
		: u64[slots + slot * index + 16] >= 16 && u64[slots + slot * index + 8] >= 0 \
		&& u64[slots + slot * index + 8] <= u64[slots + slot * index + 16] \
		&& size(ptr[slots + slot * index]) - 1 == u64[slots + slot * index + 16] \
		? ptr[slots + slot * index] : 0
	value  slot % 8 != 0 || slot < 40 ? 0 \
		: slot >= 64 && u64[slots + slot * index + 48] >= 16 \
		&& u64[slots + slot * index + 40] >= 0 \
		&& u64[slots + slot * index + 40] <= u64[slots + slot * index + 48] \
		&& size(ptr[slots + slot * index + 32]) - 1 == u64[slots + slot * index + 48] \
		? ptr[slots + slot * index + 32] \
		: u64[slots + slot * index + 24] >= 16 && u64[slots + slot * index + 16] >= 0 \
		&& u64[slots + slot * index + 16] <= u64[slots + slot * index + 24] \
		&& size(ptr[slots + slot * index + 8]) - 1 == u64[slots + slot * index + 24] \
		? ptr[slots + slot * index + 8] : 0
}
require live(cells) == entries && live(cells) + dead(cells) + spare == full

# Strings of entries that lie in nodes.
walk strings table {
	when   slot == 8
	at     ctrl
	count  capacity
	stride 1
	live   u8[bucket] < 0x80 && size(ptr[slots + 8 * index]) >= 32
	key    u64[ptr[slots + 8 * index] + 16] >= 16 && u64[ptr[slots + 8 * index] + 8] >= 0 \
		&& u64[ptr[slots + 8 * index] + 8] <= u64[ptr[slots + 8 * index] + 16] \
		&& size(ptr[ptr[slots + 8 * index]]) - 1 == u64[ptr[slots + 8 * index] + 16] \
		? ptr[ptr[slots + 8 * index]] : 0
	value  size(ptr[slots + 8 * index]) < 64 ? 0 \
		: u64[ptr[slots + 8 * index] + 48] >= 16 && u64[ptr[slots + 8 * index] + 40] >= 0 \
		&& u64[ptr[slots + 8 * index] + 40] <= u64[ptr[slots + 8 * index] + 48] \
		&& size(ptr[ptr[slots + 8 * index] + 32]) - 1 == u64[ptr[slots + 8 * index] + 48] \
		? ptr[ptr[slots + 8 * index] + 32] : 0
}
count entries

part buckets in ctrl bytes size(ctrl)
capacity full
tombstones dead(cells)

# It grows to 2 * capacity + 1 when an insertion finds none spare. The pad hangs on the alignment of
# an entry, which shows in the pad that is there; below 15 slots several alignments may be left.
let start   = capacity + 16
let lowest  = start == bytes_before ? 1 : align(start, 2) == bytes_before ? 2 \
	: align(start, 4) == bytes_before ? 4 : align(start, 8) == bytes_before ? 8 \
	: align(start, 16) == bytes_before ? 16 : 32
let highest = slot % 32 == 0 && align(start, 32) == bytes_before ? 32 \
	: slot % 16 == 0 && align(start, 16) == bytes_before ? 16 \
	: slot % 8 == 0 && align(start, 8) == bytes_before ? 8 \
	: slot % 4 == 0 && align(start, 4) == bytes_before ? 4 : lowest
loop fit = 1 while count > fit - fit / 8 next 2 * fit + 1
needed count == 0 ? 0 : align(fit + 16, lowest) + fit * slot \
	to count == 0 ? 0 : align(fit + 16, highest) + fit * slot

remedy "rehash(0)" "call rehash(0): it takes the smallest capacity that its entries allow" \
	leaves needed transient needed
