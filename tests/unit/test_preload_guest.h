/* The library's state in a test: a trace of its own with one profile, as tracer_start makes it. */
#ifndef TEST_PRELOAD_GUEST_H
#define TEST_PRELOAD_GUEST_H

#include "preload/hidden.h"
#include "preload/process/tracer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* `rules`: its lines up to the shape, of which the least that compiles is appended. */
static inline void
guest_add_profile(const char *rules)
{
	static const char shape[] =
		"anchor array at header + 0 points base\nfield used u64 at header + 8\ncount used\n"
		"part buckets in array bytes size(array)\ncapacity used\nneeded used * 8\n";
	char *text = hidden_map(4096); /* the profile keeps it */
	struct profile_error error;
	struct profile *profile = hidden_map(sizeof(*profile));
	struct trace_profile *record;

	assert_non_null(profile);
	assert_non_null(text);
	assert_true(snprintf(text, 4096, "%s%s", rules, shape) < 4096);
	if (profile_compile(profile, text, strlen(text), &error, 1))
		fail_msg("%u:%u: %s", error.line, error.column, error.message);
	record = trace_table_next(&tracer.writer, &tracer.profiles);
	assert_non_null(record);
	strcpy(record->name, profile->name);
	trace_table_publish(&tracer.writer, &tracer.profiles);
	tracer.profile[tracer.profile_count++] = profile;
}

static inline void
guest_begin(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/maptrace-test.%d.mtr", getpid());
	assert_int_equal(trace_create(&tracer.writer, path, "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&tracer.modules, TRACE_CHUNK_MODULES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.profiles, TRACE_CHUNK_PROFILES, TRACE_NONE), 0);
}

static inline void
guest_end(void)
{
	trace_remove(&tracer.writer);
}

/* For a group of tests. */
static inline int
guest_teardown(void **unused)
{
	guest_end();
	return 0;
}

static inline const struct trace_module *
guest_module(uint32_t index)
{
	assert_true(index < tracer.modules.count);
	return trace_table_at(&tracer.modules, index);
}

#endif
