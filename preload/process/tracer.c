/*
 * Starting and stopping. The constructor in hooks.c calls tracer_start once; from then on every
 * event asks for tracer_header.
 *
 *     *tracer_live   NULL --start--> header --fork--> child: NULL --first event--> its own header
 *                                    header --stop, or the trace cannot be made--> NULL for good
 *
 * Rule: until the last step of tracer_start has succeeded nothing is recorded, and a step that
 * fails leaves a guest that runs as if the library were not there.
 */
#include "preload/process/tracer.h"

#include "preload/hidden.h"
#include "preload/ledger/change.h"
#include "preload/process/catalog.h"
#include "preload/process/executable.h"
#include "preload/process/fork.h"
#include "preload/process/inherited.h"
#include "preload/process/kin.h"
#include "preload/process/sanitizer.h"
#include "preload/process/settings.h"
#include "preload/stacks/module.h"
#include "preload/text.h"
#include "preload/thread.h"
#include "preload/unwind/stack.h"
#include "preload/unwind/unwind_check.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { EVENT_NAP_NS = 50000, EVENT_NAPS = 1000 };

struct tracer tracer;

static struct trace_header *never;
struct trace_header **tracer_live = &never;
static uint64_t start_ns;
static bool is_forbidden;

static uint64_t
tracer_clock(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
tracer_now(bool coarse)
{
	uint64_t now = tracer_clock(coarse ? CLOCK_MONOTONIC_COARSE : CLOCK_MONOTONIC);

	return now > start_ns ? now - start_ns : 0; /* the coarse clock lags */
}

void
tracer_restart_clock(void)
{
	start_ns = tracer.writer.header->start_monotonic_ns;
}

/* The path of the program; false: MAPTRACE_ONLY leaves it out, by either of its names. */
static bool
tracer_wants(char *program, size_t room)
{
	char file[TRACE_PATH_MAX];

	executable_file(file, sizeof(file));
	executable_path(program, room, file);
	return settings_want(program) || settings_want(file);
}

static int
tracer_init_tables(void)
{
	const struct { struct trace_table *table; enum trace_chunk_kind kind; } tables[] = {
		{ &tracer.sites, TRACE_CHUNK_SITES }, { &tracer.nodes, TRACE_CHUNK_NODES },
		{ &tracer.decisions, TRACE_CHUNK_DECISIONS },
		{ &tracer.stacks, TRACE_CHUNK_STACKS }, { &tracer.modules, TRACE_CHUNK_MODULES },
		{ &tracer.profiles, TRACE_CHUNK_PROFILES }, { &tracer.text, TRACE_CHUNK_TEXT },
		{ &tracer.counters, TRACE_CHUNK_COUNTERS },
		{ &tracer.snapshots, TRACE_CHUNK_SNAPSHOTS },
		{ &tracer.series, TRACE_CHUNK_SERIES },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (trace_table_init(tables[i].table, tables[i].kind, TRACE_NONE))
			return -1;
	}
	return 0;
}

/* Number 0 of each: no site, the root, no map's, the unknown stack. Whole before they are counted:
 * a guest may be killed at any moment. */
static int
tracer_publish_roots(void)
{
	static const struct trace_site no_site = { .module = TRACE_SITE_NO_MODULE };
	static const struct trace_decision no_map = { .profile = TRACE_NONE, .role = TRACE_OTHER,
		.split_role = TRACE_OTHER, .split_share = 1, .split_whole = 1 };
	const struct { struct trace_table *table; const void *record; size_t size; } roots[] = {
		{ &tracer.sites, &no_site, sizeof(no_site) }, { &tracer.nodes, "", 0 },
		{ &tracer.decisions, &no_map, sizeof(no_map) }, { &tracer.stacks, "", 0 },
	};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		void *record = trace_table_next(&tracer.writer, roots[i].table);

		if (!record)
			return -1;
		memcpy(record, roots[i].record, roots[i].size);
		trace_table_publish(&tracer.writer, roots[i].table);
	}
	return 0;
}

/* Says where the trace went; a tree of programs that share a name has been told by the first. */
static void
tracer_tell_taken(const char *path)
{
	char sentence[2 * TRACE_PATH_MAX + 32];

	if (!strcmp(path, tracer.writer.path) || settings_were_told(TRACE_VARIABLE_OUT))
		return;
	text_join(sentence, sizeof(sentence), path, " exists: this trace is ", tracer.writer.path,
	          NULL);
	tracer_say(sentence);
}

/* Returns 0, or -1 with errno. */
static int
tracer_open_trace(const char *program, char *path, size_t room)
{
	if (settings_trace_path(path, room, program))
		return -1;
	if (trace_create(&tracer.writer, path, program))
		return -1;
	if (tracer_init_tables() || catalog_publish() || tracer_publish_roots()) {
		trace_abandon(&tracer.writer);
		return -1;
	}
	tracer.writer.header->threads_seen = 1;
	tracer_restart_clock();
	return 0;
}

static void
tracer_complain(const char *path, int error)
{
	char sentence[TRACE_PATH_MAX + 160];

	if (!kin_is_first_without_trace())
		return;
	text_join(sentence, sizeof(sentence), "cannot create the trace ",
	          path[0] ? path : settings.out, ": ",
	          strerrordesc_np(error), "; this program runs untraced. Set ",
	          "MAPTRACE_OUT to a place that can be written", NULL);
	tracer_warn(sentence);
}

/* Our text, data and bss, so that the finder leaves them out. */
static void
tracer_hide_self(void)
{
	struct dl_find_object own;

	if (!_dl_find_object((void *)tracer_start, &own))
		hidden_add((uintptr_t)own.dlfo_map_start, (uintptr_t)own.dlfo_map_end);
}

static int
tracer_enable(void)
{
	struct trace_header **page = hidden_map((size_t)sysconf(_SC_PAGESIZE));

	if (!page)
		return -1;
	/* Kernels before 4.14 refuse; then fork's handler does it, and raw clones are not seen. */
	madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK);
	*page = tracer.writer.header;
	__atomic_store_n(&tracer_live, page, __ATOMIC_RELEASE);
	return 0;
}

void
tracer_resume(void)
{
	struct trace_header **live = __atomic_load_n(&tracer_live, __ATOMIC_RELAXED);

	if (live != &never) /* it has been stopped for good */
		__atomic_store_n(live, tracer.writer.header, __ATOMIC_RELEASE);
}

void
tracer_suspend(void)
{
	__atomic_store_n(__atomic_load_n(&tracer_live, __ATOMIC_RELAXED), NULL, __ATOMIC_RELAXED);
}

static void
tracer_open_unwinder(void)
{
	const char *reason = stack_open();
	char sentence[TRACE_TEXT_MAX];

	if (!reason)
		return;
	tracer.writer.header->flags |= TRACE_NO_UNWINDER;
	text_join(sentence, sizeof(sentence), "libunwind.so.8 cannot be used (", reason,
	          "): stacks are one frame deep, and roles by stack are not known. If it is "
	          "missing: apt install libunwind8", NULL);
	tracer_warn(sentence);
}

static void
tracer_tell_sanitizer(const char *name)
{
	char sentence[256];

	text_join(sentence, sizeof(sentence), "this program was built with ", name, ", whose "
	          "allocator takes malloc's place; it runs untraced. Build it without", NULL);
	tracer_warn(sentence);
}

static void
tracer_begin(void)
{
	char program[TRACE_PATH_MAX], path[TRACE_PATH_MAX] = "";
	const char *sanitizer = sanitizer_name();

	settings_read();
	if (!tracer_wants(program, sizeof(program)))
		return;
	if (sanitizer) {
		tracer_tell_sanitizer(sanitizer);
		return;
	}
	tracer_hide_self();
	thread_start();
	change_open();
	catalog_load();
	if (tracer_open_trace(program, path, sizeof(path))) {
		tracer_complain(path, errno);
		return;
	}
	tracer_tell_taken(path);
	module_scan(); /* first the guest's own: those of the unwinder can wait */
	tracer_open_unwinder();
	if (settings.check_unwind)
		unwind_check_open();
	tracer_found_family();
	fork_start();
	if (tracer_enable()) {
		trace_abandon(&tracer.writer);
		tracer_complain(path, errno);
	}
}

void
tracer_start(void)
{
	int before = errno;
	struct thread *thread;

	is_forbidden = is_forbidden || inherited_harms();
	thread = is_forbidden ? NULL : thread_enter();
	if (!thread)
		return;
	thread->is_calling_out = true;
	tracer_begin();
	thread_leave(thread);
	errno = before;
}

void
tracer_off(void)
{
	__atomic_store_n(&tracer_live, &never, __ATOMIC_RELEASE);
}

static void
see_event(struct thread *thread, void *is_under_way)
{
	if (thread != thread_self && __atomic_load_n(&thread->is_inside, __ATOMIC_ACQUIRE))
		*(bool *)is_under_way = true;
}

void
tracer_forbid(void)
{
	const struct timespec nap = { 0, EVENT_NAP_NS };
	bool is_under_way = tracer_is_on(); /* a forked child that is not has no other thread */

	is_forbidden = true;
	tracer_off();
	for (int i = 0; is_under_way && i < EVENT_NAPS; i++) {
		is_under_way = false;
		thread_each(see_event, &is_under_way);
		if (is_under_way)
			nanosleep(&nap, NULL);
	}
}

bool
tracer_wake(void)
{
	struct trace_header **live = __atomic_load_n(&tracer_live, __ATOMIC_RELAXED);

	if (__builtin_expect(live == &never || thread_is_inside(), 1))
		return false;
	tracer_child();
	return tracer_is_on();
}
