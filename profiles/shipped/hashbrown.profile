# Rust's std::collections::HashMap and HashSet, and those of the crate hashbrown, on x86-64.
#
#     to 1.63 or so:  +0 mask | +8 ctrl | +16 spare | +24 items
#     from then on:   +0 ctrl | +8 mask | +16 spare | +24 items
#     the block:      entries, growing downwards | pad to 16 | ctrl: a byte a slot | its first 16 again
#                                                            ^ the header's pointer
#
# The compiler chooses the order of the fields. A control byte is 0xff (free), 0x80 (tombstone) or 7
# bits of the hash (an entry); the 16 behind them repeat the first, so that a group of 16 can be read
# from any slot. A table of fewer than 16 slots has free bytes before that copy. `spare` counts what
# may still be inserted without growing. A map that never held an entry points at a constant.
#
# The size of an entry is not written anywhere: it follows from the block's, exactly where there are
# 16 slots or more or entries of 8 bytes' alignment, and else within 3 bytes, which the sizes of
# smaller tables do not show.
profile hashbrown
title "Rust HashMap / HashSet"
about "hashbrown 0.9 to 0.17 as in Rust's std 1.48 to 1.97, x86-64 with SSE2"
verified "Debian's rustc 1.63, rustc 1.95 and 1.97 (nightly of May 2026): 1 to 60 and on to 5,000 entries beside fresh maps; entries of 1 to 208 bytes; remove, retain, clear, with_capacity, shrink_to_fit; String, Vec, Box"
type "hashbrown::raw::RawTable<"
minimum 36

wake module "libstd-*.so"
wake symbol "rust_begin_unwind"
wake symbol "rust_eh_personality"
wake symbol "__rust_alloc"
# A stripped program: the personality function of a language other than C++, and the standard
# library's way to name an error.
wake import "_Unwind_GetDataRelBase" "__xpg_strerror_r"

wrapper "__rust_alloc*" "__rdl_alloc*" "__rg_alloc*" "_RNvC*_7___rustc*___r*_alloc*"
wrapper "_ZN5alloc5alloc5alloc17h*" "_ZN5alloc5alloc6Global*" \
	"_ZN63_$LT$alloc..alloc..Global$u20$as$u20$core..alloc..Allocator$GT$*"
wrapper "_ZN9hashbrown3raw5alloc5inner8do_alloc17h*" "_ZN9hashbrown3raw*17new_uninitialized17h*"
wrapper "_ZN3std3sys*System*" "_ZN*std..alloc..System*" "_ZN4core5alloc6global11GlobalAlloc*"

# with_capacity() first; what grows, and reserve(), which is inlined like it, second. A clone of
# entries makes their blocks too where it is inlined: there the structure tells.
role buckets frames "_ZN9hashbrown3raw*22fallible_with_capacity17h*" \
	"_ZN9hashbrown3raw*22fallible_with_capacity17h*" reserved
role buckets frames "_ZN9hashbrown3raw*22fallible_with_capacity17h*" \
	"_ZN9hashbrown3raw*13with_capacity17h*" reserved
role buckets frames "_ZN9hashbrown3raw*22fallible_with_capacity17h*" \
	"_ZN9hashbrown3raw*16with_capacity_in17h*" reserved
role buckets frames "_ZN9hashbrown3raw*22fallible_with_capacity17h*" \
	"_ZN9hashbrown3raw*"
role buckets frames "_ZN9hashbrown3raw*22fallible_with_capacity17h*" \
	"_ZN9hashbrown3map*" reserved
role buckets frames "_ZN9hashbrown3raw*22fallible_with_capacity17h*"
role buckets frames "_ZN9hashbrown3raw*13with_capacity17h*" reserved
role buckets frames "_ZN9hashbrown3raw*16with_capacity_in17h*" reserved
role buckets frames "_ZN9hashbrown3raw*14prepare_resize*"
role buckets frames "_ZN9hashbrown3raw*6resize17h*"
role buckets frames "_ZN9hashbrown3raw*12resize_inner17h*"
role buckets frames "_ZN9hashbrown3raw*14reserve_rehash17h*"
role buckets frames "_ZN9hashbrown3raw*20reserve_rehash_inner17h*"
role buckets frames "_ZN9hashbrown3raw*9shrink_to17h*"
role buckets frames "_R*9hashbrown3raw*13with_capacity*" reserved
role buckets frames "_R*9hashbrown3raw*14prepare_resize*"
role buckets frames "_R*9hashbrown3raw*12resize_inner*"
role buckets frames "_R*9hashbrown3raw*14reserve_rehash*"
role buckets frames "_R*9hashbrown3raw*20reserve_rehash_inner*"

anchor first  at header     points inside size size >= 36 && size % 4 == 0
anchor second at header + 8 points inside size size >= 36 && size % 4 == 0

let is_old = pow2(first + 1)
let mask   = is_old ? first : second
let slots  = mask + 1
require slots >= 4 && pow2(slots)
let ctrl   = is_old ? second : first
field spare u64 at header + 16
field items u64 at header + 24
let full = slots < 8 ? slots - 1 : slots / 8 * 7
require items >= 0 && spare >= 0 && items <= full && items + spare <= full
let block = base(ctrl)
require block != 0 && size(block) == ctrl - block + slots + 16
let data = ctrl - block
require data > 0 && data % 16 == 0 && data >= slots
let entry = data / slots

walk copy table {
	at     ctrl
	count  min(slots, 16)
	stride 1
	live   u8[bucket] == u8[bucket + max(slots, 16)]
}
require live(copy) == min(slots, 16)

# A String or a Vec proves itself: the length is at most the capacity, and its block has room for
# exactly that. Its first two words changed places together with those of the map.
let at_ptr = is_old ? 0 : 8
let at_cap = 8 - at_ptr
let last   = entry - 24
walk cells table {
	at     ctrl
	count  slots
	stride 1
	live   u8[bucket] < 0x80
	dead   u8[bucket] == 0x80
	key    entry % 8 != 0 ? 0 : entry == 8 ? ptr[ctrl - 8 * (index + 1)] : entry < 24 ? 0 \
		: u64[ctrl - entry * (index + 1) + at_cap] > 0 \
		&& u64[ctrl - entry * (index + 1) + 16] >= 0 \
		&& u64[ctrl - entry * (index + 1) + 16] <= u64[ctrl - entry * (index + 1) + at_cap] \
		&& size(ptr[ctrl - entry * (index + 1) + at_ptr]) \
		% u64[ctrl - entry * (index + 1) + at_cap] == 0 \
		? ptr[ctrl - entry * (index + 1) + at_ptr] : 0
	value  entry % 8 != 0 ? 0 : entry == 16 ? ptr[ctrl - 16 * index - 8] : entry < 32 ? 0 \
		: u64[ctrl - entry * (index + 1) + last + at_cap] > 0 \
		&& u64[ctrl - entry * index - 8] >= 0 \
		&& u64[ctrl - entry * index - 8] <= u64[ctrl - entry * (index + 1) + last + at_cap] \
		&& size(ptr[ctrl - entry * (index + 1) + last + at_ptr]) \
		% u64[ctrl - entry * (index + 1) + last + at_cap] == 0 \
		? ptr[ctrl - entry * (index + 1) + last + at_ptr] : 0
}
require live(cells) == items && live(cells) + dead(cells) + spare == full
count items

part buckets in block bytes size(block)
capacity full
tombstones dead(cells)

# It doubles when an insertion finds no place spare. Newer versions begin with 8 or 16 slots where
# entries have at most 3 bytes or 1; which version it is does not show.
let least = is_old || entry > 3 && (data - 16) / slots + 1 > 3 ? 4 \
	: min(slots, (data - 16) / slots + 1 > 1 ? 8 : 16)
loop fit  = 4     while count > (fit < 8 ? fit - 1 : fit / 8 * 7) next 2 * fit
loop most = least while count > (most < 8 ? most - 1 : most / 8 * 7) next 2 * most
needed count == 0 ? 0 : align(entry * fit, 16) + fit + 16 \
	to count == 0 ? 0 : align(entry * most, 16) + most + 16

remedy shrink_to_fit "call shrink_to_fit(): it moves the entries to the smallest table that holds them" \
	leaves needed transient needed < held ? needed : 0
