/*
 * The bytes of a trace file: what the preloaded library publishes and the analyzer reads.
 *
 * The file is the library's own state, mapped MAP_SHARED, so nothing needs flushing: after SIGKILL
 * it holds everything up to the last event, and it can be read while the guest runs. One header
 * page is followed by chunks of a fixed size; each chunk says what it holds. Records never straddle
 * chunks, so a reader needs no index and a half-written chunk spoils nothing but itself.
 *
 *     0        4096        4096 + 16 KiB      4096 + 32 KiB
 *     +--------+------------------+------------------+---
 *     | header | chunk 0          | chunk 1          | ...
 *     +--------+------------------+------------------+---
 *                | chunk header 64 B | records ...
 *
 * Rules that must never break: a record is written whole before the count that publishes it is
 * raised (release), no published record ever moves, and a reader trusts no number in here before it
 * has checked it. All integers are in the byte order of the machine that wrote them.
 *
 * It holds addresses, sizes, names of code (and those that code gave by maptrace_name) and
 * counts: never a key, a value or any other content of the guest. Whoever changes a struct here
 * raises TRACE_VERSION.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC "MAPTRACE" /* 8 bytes, no terminator */
#define TRACE_VERSION 8u
#define TRACE_BYTE_ORDER 0x01020304u

enum {
	TRACE_HEADER_SIZE = 4096,
	TRACE_CHUNK_SIZE = 16 * 1024,
	TRACE_CHUNK_HEADER_SIZE = 64,
	TRACE_CHUNK_PAYLOAD = TRACE_CHUNK_SIZE - TRACE_CHUNK_HEADER_SIZE,
	TRACE_PATH_MAX = 1024,
	TRACE_NAME_MAX = 64,
	TRACE_TEXT_MAX = 256,
	TRACE_REMEDIES_MAX = 4,
	TRACE_SERIES_MAX = 4092, /* points in the time series; it halves its resolution when full */
};

/* A number that is not known. Never printed as a number. */
#define TRACE_UNKNOWN UINT64_MAX
#define TRACE_NONE UINT32_MAX

/* What a range of bytes is to its map. The order is that of every table in reports. */
enum trace_role {
	TRACE_BUCKETS,  /* bucket array, old array while growing included */
	TRACE_OVERFLOW, /* overflow buckets, chain nodes */
	TRACE_VALUES,   /* out-of-line keys and values */
	TRACE_HEADER,   /* the map object, when it is a block of its own */
	TRACE_OTHER,    /* no map's */
	TRACE_ROLES
};

/* How the guest ended, as far as it let us see. */
enum trace_end {
	TRACE_RUNNING = 0, /* still running, or ended by a signal that nobody can catch */
	TRACE_ENDED,       /* properly: the exit snapshot was attempted and the file closed */
	TRACE_STOPPED,     /* the library gave up; header.notice says why; the guest went on */
};

struct trace_header {
	char magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint32_t header_size; /* TRACE_HEADER_SIZE */
	uint32_t chunk_size;  /* TRACE_CHUNK_SIZE */

	uint32_t pid;
	uint32_t parent_pid;
	uint64_t start_realtime_ns;  /* CLOCK_REALTIME when the trace began */
	uint64_t start_monotonic_ns; /* CLOCK_MONOTONIC then; times in here are relative to it */
	char program[TRACE_PATH_MAX]; /* path of the executable, terminated */

	/* From here on the library changes fields as the guest runs, each by one atomic store. */
	uint32_t chunks;       /* chunks taken; may be ahead of the file by those being reserved */
	uint32_t end;          /* enum trace_end */
	uint32_t sites;        /* published struct trace_site */
	uint32_t nodes;        /* published struct trace_node */
	uint32_t decisions;    /* published struct trace_decision */
	uint32_t stacks;       /* published struct trace_stack */
	uint32_t modules;      /* published struct trace_module */
	uint32_t profiles;     /* published struct trace_profile */
	uint32_t snapshots;    /* begun struct trace_snapshot */
	uint32_t series_points;
	uint32_t counters;     /* published struct trace_counters */
	uint32_t threads_seen; /* most threads that were recorded at one time */
	uint32_t peak_slack_bytes_log2; /* 0: exact peak; n: within threads_seen << n bytes */
	uint64_t unrecorded;   /* allocations that could not be recorded; 0: a trace without gaps */
	uint64_t last_event_ns; /* to a few milliseconds */

	/* Live bytes without what threads keep to themselves, less than 1 << peak_slack_bytes_log2
	 * each: exact sums are those of the counters. The peaks are the largest values of these
	 * fields. */
	uint64_t live_bytes;   /* requested bytes of all live blocks */
	uint64_t role_bytes[TRACE_ROLES];  /* the same by role, by stack */
	uint64_t role_peak_bytes[TRACE_ROLES]; /* each role's own largest */
	uint64_t peak_bytes;   /* largest live_bytes */
	uint64_t peak_ns;      /* when */
	uint32_t peak_epoch;   /* moves with each new maximum of live_bytes; see trace_counter */
	uint32_t flags;        /* enum trace_flag */
	char notice[TRACE_TEXT_MAX]; /* last thing that went wrong, one sentence, terminated */

	/* Snapshots on request, the only fields that others write: whoever may write the file names
	 * the snapshot and raises `requests` (trace/request.h); the library takes it at its next
	 * event and stores the number that it answered. */
	uint32_t requests;
	uint32_t requests_answered;
	char request_label[TRACE_NAME_MAX];
};
_Static_assert(sizeof(struct trace_header) <= TRACE_HEADER_SIZE, "the header is one page");

enum trace_flag {
	TRACE_NO_UNWINDER = 1, /* libunwind was not found: stacks are one frame deep */
	TRACE_FORKED = 2,      /* continues the state of a forked parent */
	TRACE_OUTSIDE = 4,     /* read from outside: known at its snapshots only, without stacks */
};

enum trace_chunk_kind {
	TRACE_CHUNK_FREE = 0, /* reserved, not in use yet */
	TRACE_CHUNK_SITES,    /* struct trace_site[] */
	TRACE_CHUNK_NODES,    /* struct trace_node[] */
	TRACE_CHUNK_DECISIONS,/* struct trace_decision[] */
	TRACE_CHUNK_STACKS,   /* struct trace_stack[] */
	TRACE_CHUNK_SERIES,   /* struct trace_point[] */
	TRACE_CHUNK_MODULES,  /* struct trace_module[] */
	TRACE_CHUNK_PROFILES, /* struct trace_profile[] */
	TRACE_CHUNK_TEXT,     /* profile texts, bytes, one after the other */
	TRACE_CHUNK_SNAPSHOTS,/* struct trace_snapshot[] */
	TRACE_CHUNK_COUNTERS, /* struct trace_counters[] */
	/* The rows of one snapshot, packed into bytes (trace/rows.h); chunk.owner is its index. */
	TRACE_CHUNK_LIVE,     /* struct trace_live[] */
	TRACE_CHUNK_CLAIMS,   /* struct trace_claim[] */
	TRACE_CHUNK_MAPS,     /* struct trace_map[] */
	TRACE_CHUNK_REFUSED,  /* struct trace_refused[] */
	TRACE_CHUNK_WORDS,    /* bytes: texts that end by a zero; see struct trace_map */
	TRACE_CHUNK_KINDS
};

/* Chunk number `sequence` of its kind (and owner) holds the records that follow those of the chunks
 * before it. For the common kinds the counts in the header say how many are published; for the rows
 * of a snapshot `used` does. */
struct trace_chunk {
	uint32_t kind;     /* enum trace_chunk_kind; stored last (release) when a chunk is taken */
	uint32_t owner;    /* index of the snapshot, or TRACE_NONE */
	uint32_t sequence; /* 0, 1, 2, ... within kind and owner */
	uint32_t used;     /* records published in this chunk */
	uint8_t zero[TRACE_CHUNK_HEADER_SIZE - 16];
};
_Static_assert(sizeof(struct trace_chunk) == TRACE_CHUNK_HEADER_SIZE, "64-byte chunk headers");

/* Where a frame goes on once what it called returns. A program has few of them, and very many
 * stacks. Site 0 is none. */
struct trace_site {
	uint64_t pc : 48;     /* return address: the call is the instruction before it */
	uint64_t module : 16; /* index of the module that held pc when it was seen, or none */
};
_Static_assert(sizeof(struct trace_site) == 8, "2040 sites a chunk");

enum { TRACE_SITE_NO_MODULE = 0xffff };

/* One frame of the tree of all stacks. Node 0 is the root and stands for no frame. */
struct trace_node {
	uint32_t site;
	uint32_t parent; /* node of the caller's frame; 0 at the outermost */
};
_Static_assert(sizeof(struct trace_node) == 8, "2040 nodes a chunk");

/* What is known of a stack by its functions' names: few of these serve all stacks. */
struct trace_decision {
	uint32_t profile;      /* whose rule decided the role, or TRACE_NONE */
	uint8_t role;          /* enum trace_role, by stack */
	uint8_t split_role;    /* role of the rest of each block, where split_share < split_whole */
	uint8_t flags;         /* enum trace_stack_flag */
	uint8_t zero;
	uint32_t split_share;  /* of split_whole parts of a block the first split_share are */
	uint32_t split_whole;  /* `role`, the rest `split_role`; both 1: the block has one role */
};
_Static_assert(sizeof(struct trace_decision) == 16, "1020 decisions a chunk");

/* A stack. Stack 0 stands for an unknown one. One list of frames has more than one struct
 * trace_stack where the role of its blocks depends on their size. */
struct trace_stack {
	uint32_t node; /* innermost frame outside the library */
	uint32_t decision;
};
_Static_assert(sizeof(struct trace_stack) == 8, "2040 stacks a chunk");

/* What one thread (or several, one after the other) counted of one stack. What belongs to the stack
 * is the sum over all threads, modulo 2^64 or 2^32: a thread that frees what another allocated has
 * less than nothing.
 *
 * The heap's composition at its peak: header.peak_epoch moves with each new maximum; a counter that
 * changes for the first time since then first saves what it was. So at the peak it was
 * (epoch == header.peak_epoch ? saved : live); exact while there was one thread only, else off by
 * what threads kept to themselves then. */
struct trace_counter {
	uint64_t live_bytes;
	uint64_t total_bytes;  /* ever allocated */
	uint64_t total_blocks;
	uint64_t peak_bytes;   /* this counter's own largest live_bytes */
	uint64_t saved_bytes;
	uint32_t saved_blocks;
	uint32_t live_blocks;
	uint32_t epoch;
	uint32_t note;         /* the library's own */
};
_Static_assert(sizeof(struct trace_counter) == 56, "32 counters a page");

enum { TRACE_COUNTERS = 32 };

/* A page of counters: of the stacks from `first` on, by one thread's state. A state that a thread
 * has left goes to the next one, so their number follows the most threads at one time. */
struct trace_counters {
	uint32_t first;
	uint32_t thread; /* number of the state */
	struct trace_counter counters[TRACE_COUNTERS];
};
_Static_assert(sizeof(struct trace_counters) == 1800, "9 pages a chunk");

enum trace_stack_flag {
	TRACE_STACK_TRANSIENT = 1, /* lives only inside one operation of the map */
	TRACE_STACK_RESERVED = 2,  /* room asked for in advance: reserve, with_capacity, a hint */
	TRACE_STACK_CUT = 4,       /* there were frames further out, which are not recorded */
	TRACE_STACK_TOLD = 8,      /* the role is the program's own word: maptrace_role */
	TRACE_STACK_GARBAGE = 16,  /* no stack: what nothing reaches and is not collected yet */
};

/* A point of the time series. `ns` since the start. Roles by stack. */
struct trace_point {
	uint64_t ns;
	uint64_t live_bytes;
	uint64_t role_bytes[TRACE_ROLES - 1]; /* without `other` */
};

/* An executable or shared object that held code or globals of interest. */
struct trace_module {
	uint64_t start, end; /* addresses mapped */
	uint64_t bias;       /* address = address in the file + bias */
	uint32_t generation; /* moves when another module takes over these addresses */
	uint32_t build_id_size;
	uint8_t build_id[32];
	char path[TRACE_PATH_MAX - 64]; /* absolute, terminated */
};
_Static_assert(sizeof(struct trace_module) == 1024, "15 modules a chunk");

/* A profile that was loaded, with its whole text, so that a trace explains itself anywhere. */
struct trace_profile {
	char name[TRACE_NAME_MAX];
	uint64_t text_offset; /* into the bytes of all TEXT chunks, in sequence */
	uint32_t text_size;
	uint32_t awake;       /* 1: its wake conditions were met by some module of the guest */
	char origin[TRACE_TEXT_MAX - 88]; /* "shipped" or the file's path (its end, if too long) */
	uint64_t unused;
};
_Static_assert(sizeof(struct trace_profile) == 256, "63 profiles a chunk");

enum trace_snapshot_state {
	TRACE_SNAPSHOT_BEGUN = 0, /* being written, or its writer died */
	TRACE_SNAPSHOT_COMPLETE,
	TRACE_SNAPSHOT_CUT,       /* ended early; `reason` says why; what it holds is true */
};

enum trace_snapshot_cause { /* why it was taken */
	TRACE_CAUSE_EXIT, TRACE_CAUSE_EXIT_LATE, TRACE_CAUSE_MARK, TRACE_CAUSE_INTERVAL,
	TRACE_CAUSE_REQUEST,
};

/* The state of all maps at one moment. */
struct trace_snapshot {
	char label[TRACE_NAME_MAX]; /* "exit", "exit-late", a mark's name, "interval", "request" */
	uint32_t cause;             /* enum trace_snapshot_cause */
	uint32_t state;             /* enum trace_snapshot_state, stored last (release) */
	uint32_t pid;               /* of the writer: a child of the guest, or the guest itself */
	uint32_t in_place;          /* 1: fork was refused, other threads may have moved on */
	uint64_t ns;                /* moment of the snapshot, since the start */
	uint64_t pause_ns;          /* how long the guest stood still */
	uint64_t live_bytes;
	uint64_t live_blocks;
	uint64_t scan_bytes;        /* bytes that the header search had to look through ... */
	uint64_t scanned_bytes;     /* ... and did */
	uint64_t freeing;           /* block being freed at this moment, or 0 */
	uint32_t maps;              /* rows of each kind, told after the last of them */
	uint32_t claims;
	uint32_t live;
	uint32_t refused;
	char reason[TRACE_TEXT_MAX];
	uint32_t words;             /* bytes of texts; 0: no map has any */
	uint8_t zero[12];
};
_Static_assert(sizeof(struct trace_snapshot) == 424, "38 snapshots a chunk");

/* Rows of a snapshot. What was live, by stack. */
struct trace_live {
	uint32_t stack;
	uint32_t blocks;
	uint64_t bytes;
};

/* Blocks (or parts of them) that the walk of maps reached, by stack, role and profile. */
struct trace_claim {
	uint32_t stack;
	uint32_t profile;
	uint32_t role; /* enum trace_role, by structure */
	uint32_t unused;
	uint64_t bytes;
	uint64_t blocks;
};

/* Header candidates that passed the size proof of a profile and failed a later one. */
struct trace_refused {
	uint32_t profile;
	uint32_t line;       /* of the profile's text: the requirement that failed; 0: see reason */
	uint32_t reason;     /* enum trace_refusal */
	uint32_t candidates;
	uint64_t bytes;      /* of the arrays they pointed at */
};

enum trace_refusal {
	TRACE_REFUSED_REQUIREMENT, /* `line` was not true */
	TRACE_REFUSED_CENSUS,      /* the walk counted other than the header says */
	TRACE_REFUSED_WALK,        /* a pointer led outside live blocks, or round in a circle */
	TRACE_REFUSED_CLAIMED,     /* another map owns the array with better proof */
	TRACE_REFUSED_BUSY,        /* the map was being changed at this moment */
};

enum trace_where { /* what holds the header */
	TRACE_WHERE_BLOCK,  /* a live block: where_base, where_stack */
	TRACE_WHERE_GLOBAL, /* a module's data: where_module */
	TRACE_WHERE_STACK,  /* a thread's stack */
	TRACE_WHERE_OTHER,  /* other memory of the guest: an arena of its own */
};

enum trace_map_flag {
	TRACE_MAP_GROWING = 1,   /* an old and a new array exist at once */
	TRACE_MAP_MID_ERASE = 2, /* an entry was being removed at this moment */
	TRACE_MAP_NEEDED_ESTIMATE = 4, /* needed_low < needed_high, or a rule that is not exact */
	TRACE_MAP_EMPTIED = 8,   /* cells show that entries were there and went */
};

/* One map. Bytes are requested bytes. TRACE_UNKNOWN where the layout does not tell. */
struct trace_map {
	uint64_t address;      /* of the header: the map's identity within the process */
	uint64_t array;        /* of the main bucket array: its block */
	uint32_t profile;
	uint32_t where;        /* enum trace_where */
	uint64_t where_base;   /* start of the block or mapping that holds the header */
	uint32_t where_module; /* or TRACE_NONE */
	uint32_t where_stack;  /* allocation stack of the block that holds it, or TRACE_NONE */
	uint32_t stack;        /* allocation stack of the main bucket array */
	uint32_t flags;        /* enum trace_map_flag */
	uint64_t count;
	uint64_t capacity;
	uint64_t tombstones;
	uint64_t header_bytes;
	uint64_t bucket_bytes;            /* arrays in use with their companions, no old ones */
	uint64_t old_bucket_bytes;
	uint64_t overflow_bytes;          /* chained and reserved */
	uint64_t overflow_reserved_bytes; /* part of overflow_bytes: in the array's own block */
	uint64_t value_bytes;
	uint64_t overflow_blocks;
	uint64_t value_blocks;
	uint64_t needed_low;   /* bytes of buckets and overflow that a fresh map would hold ... */
	uint64_t needed_high;  /* ... equal where the rule is exact */
	uint64_t kept_by_rule; /* what the implementation's own shrink rule lets it keep; 0: none */
	uint64_t resident_bytes; /* of buckets and overflow arrays, whole pages in memory */
	struct {
		uint64_t leaves;    /* bytes of buckets and overflow after the remedy */
		uint64_t transient; /* extra bytes while it runs */
	} remedies[TRACE_REMEDIES_MAX];
	uint64_t used_buckets;  /* that hold entries: of chained layouts, all tables together */
	uint64_t longest_chain; /* most entries in one of them, its overflow included */

	/* Of open addressing, where the walk can see where an entry belongs: how many cells a
	 * search for each looks at, 1 where it lies in its own place. */
	uint64_t probes;        /* all entries together */
	uint64_t longest_probe;

	/* Where a header on a stack lies: 0 each where that is not known. */
	uint64_t where_pc;     /* a return address into the function whose frame holds it ... */
	uint32_t where_thread; /* the kernel's number of the thread; where_module: of where_pc */

	/* Texts: where each begins among the bytes of WORDS of the same snapshot, which begin with
	 * a zero and end by one. 0: none. Written by trace/words.h, in UTF-8; many maps may share a
	 * text. They are words of the program's code, never contents of its memory. */
	uint32_t name;     /* that the program gave this map: maptrace_name */
	uint32_t type;     /* of the map, where the guest's own memory tells it (Go); else the
	                    * analyzer asks the symbols of its stack. Candidates are parted by " or
	                    * " */
	uint32_t place;    /* what holds the header, where addresses and symbols do not tell it: a
	                    * path from a root, a variable, a stack frame */
};
_Static_assert(sizeof(struct trace_map) == 288, "36 words");

#endif
