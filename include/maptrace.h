/*
 * For programs that want to help maptrace: marks, names for maps, sub-blocks of arenas; and for
 * those that ask it. Header-only, C99 and C++98. When the program does not run under libmaptrace.so
 * each call is one load and one branch.
 *
 *     #include <maptrace.h>
 *     ...
 *     maptrace_mark("after load");            // a snapshot of all maps, labelled "after load"
 *     maptrace_name(&sessions, "sessions");   // reports call this map so
 *
 *     void *p = arena_get(arena, size);       // memory that malloc never sees one by one
 *     maptrace_allocate(p, size);
 *     ...
 *     maptrace_free(p);
 *     arena_put(arena, p);
 *
 * Link with nothing: the library's functions are found when it is preloaded and are absent
 * otherwise. All may be called from any thread, but not from a signal handler.
 */
#ifndef MAPTRACE_H
#define MAPTRACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For the compiler: memory is told of by its address, not looked at; it need hold nothing yet. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define MAPTRACE_UNREAD __attribute__((access(none, 1)))
#else
#define MAPTRACE_UNREAD
#endif

/* Exported by libmaptrace.so; not for direct use. */
__attribute__((weak)) void maptrace_mark_v1(const char *label);
__attribute__((weak)) size_t maptrace_stack_v1(const void *block, void **into, size_t room);
__attribute__((weak)) MAPTRACE_UNREAD void maptrace_name_v1(const void *map, const char *name);
__attribute__((weak)) MAPTRACE_UNREAD void maptrace_allocate_v1(const void *address, size_t size);
__attribute__((weak)) MAPTRACE_UNREAD void maptrace_free_v1(const void *address);
__attribute__((weak)) MAPTRACE_UNREAD void maptrace_free_range_v1(const void *start, size_t size);
__attribute__((weak)) MAPTRACE_UNREAD void maptrace_role_v1(const void *address, int role);

/* Takes a snapshot of all maps now and labels it (cut to 63 bytes). Does nothing when the program
 * is not traced. */
static inline void
maptrace_mark(const char *label)
{
	if (maptrace_mark_v1)
		maptrace_mark_v1(label);
}

/* The stack that was recorded when this block or sub-block was allocated: up to `room` return
 * addresses, innermost first. Returns how many; 0: the program is not traced, or `block` is no live
 * block. */
static inline size_t
maptrace_stack(const void *block, void **into, size_t room)
{
	return maptrace_stack_v1 ? maptrace_stack_v1(block, into, room) : 0;
}

/* Names a map by the address of its object (what reports show as its address). The name is copied,
 * cut to 63 bytes, and stored in the trace: it is code's word, never put a key or a value into it.
 * It lasts until it is replaced, taken away (NULL) or the block that holds the object is freed; a
 * map in a global or on a stack keeps it until told otherwise. 1024 maps can have names at one
 * time. */
MAPTRACE_UNREAD static inline void
maptrace_name(const void *map, const char *name)
{
	if (maptrace_name_v1)
		maptrace_name_v1(map, name);
}

/* The program's own allocator handed out `size` bytes at `address`: from a block of malloc's or
 * from memory that malloc never saw; which of both is found out. From now on this sub-block is a
 * block like any other, with the present stack, and what holds it counts without it. When the block
 * that holds it is freed or resized, its sub-blocks are gone with it. Sub-blocks do not nest. */
MAPTRACE_UNREAD static inline void
maptrace_allocate(const void *address, size_t size)
{
	if (maptrace_allocate_v1)
		maptrace_allocate_v1(address, size);
}

/* A sub-block is about to be handed back. Tell before it happens. */
MAPTRACE_UNREAD static inline void
maptrace_free(const void *address)
{
	if (maptrace_free_v1)
		maptrace_free_v1(address);
}

/* All sub-blocks that begin in these bytes are about to be handed back: an arena that is reset,
 * rewound or unmapped. */
MAPTRACE_UNREAD static inline void
maptrace_free_range(const void *start, size_t size)
{
	if (maptrace_free_range_v1)
		maptrace_free_range_v1(start, size);
}

/* What a range of bytes is to its map. */
enum maptrace_part {
	MAPTRACE_BUCKETS,  /* bucket array */
	MAPTRACE_OVERFLOW, /* overflow buckets, chain nodes */
	MAPTRACE_VALUES,   /* out-of-line keys and values */
	MAPTRACE_HEADER,   /* the map object */
	MAPTRACE_OTHER     /* no map's */
};

/* What a block or sub-block is, of a map that maptrace has no profile of. Reports count it by this
 * role and say that it is the program's own word: nothing proves it. */
MAPTRACE_UNREAD static inline void
maptrace_role(const void *address, enum maptrace_part part)
{
	if (maptrace_role_v1)
		maptrace_role_v1(address, (int)part);
}

/* Whether the program runs under libmaptrace.so. */
static inline int
maptrace_is_active(void)
{
	return maptrace_mark_v1 != 0;
}

#undef MAPTRACE_UNREAD

#ifdef __cplusplus
}
#endif

#endif
