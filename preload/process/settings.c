/*
 * What the user asked for. Read once by tracer_start, before anything is traced; everybody in
 * preload/ reads the result and nobody changes it.
 *
 * The environment is the guest's and only borrowed: it is never changed, and a value that makes no
 * sense keeps the default with one warning, as does a variable that we do not know; of a tree of
 * programs that inherit it the first says so. In a setuid program secure_getenv hides it all.
 */
#include "preload/process/settings.h"

#include "preload/process/kin.h"
#include "preload/process/tracer.h"
#include "preload/text.h"
#include "trace/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull
#define BUDGET_NS_MAX (3600 * SECOND_NS)
#define DEPTH_MAX 512u

struct settings settings = {
	.out = "maptrace.%n.%p.mtr",
	.automatic = true,
	.budget_ns = 10 * SECOND_NS,
	.depth = DEPTH_MAX,
};

static const char *
value_of(enum trace_variable_id id)
{
	const char *value = secure_getenv(trace_environment[id].name);

	return value && value[0] ? value : NULL;
}

bool
settings_were_told(enum trace_variable_id id)
{
	const char *name = trace_environment[id].name, *value = value_of(id);

	/* What getenv gives is the end of its entry. */
	return kin_has_seen(value ? value - strlen(name) - 1 : NULL);
}

static void
complain(enum trace_variable_id id, const char *problem)
{
	char sentence[128];

	if (!settings_were_told(id))
		tracer_warn(text_join(sentence, sizeof(sentence), trace_environment[id].name,
		                      problem, NULL));
}

static void
complain_of_unknown(const char *entry)
{
	char sentence[512], name[64];
	size_t length = strcspn(entry, "=");

	if (kin_has_seen(entry))
		return;
	length = length < sizeof(name) ? length : sizeof(name) - 1;
	memcpy(name, entry, length);
	name[length] = '\0';
	text_join(sentence, sizeof(sentence), "unknown variable ", name, "; known:", NULL);
	for (int i = 0; i < TRACE_VARIABLES; i++) {
		size_t used = strlen(sentence);

		text_join(sentence + used, sizeof(sentence) - used, i ? ", " : " ",
		          trace_environment[i].name, NULL);
	}
	tracer_warn(sentence);
}

static void
look_for_unknown(void)
{
	if (getauxval(AT_SECURE))
		return;
	for (char **entry = environ; entry && *entry; entry++) {
		if (trace_variable_is_unknown(*entry))
			complain_of_unknown(*entry);
	}
}

static void
read_text(enum trace_variable_id id, char *into, size_t size)
{
	const char *value = value_of(id);

	if (!value)
		return;
	if (strlen(value) >= size)
		complain(id, " is too long and was left out");
	else
		strcpy(into, value);
}

/* In a folder a trace has the name that it has without the variable. */
static void
read_place(void)
{
	const char *name = trace_environment[TRACE_VARIABLE_OUT].standard;
	bool has_slash;
	size_t length;
	struct stat file;

	if (!value_of(TRACE_VARIABLE_OUT))
		return;
	read_text(TRACE_VARIABLE_OUT, settings.out, sizeof(settings.out));
	length = strlen(settings.out);
	has_slash = settings.out[length - 1] == '/';
	if (!has_slash && (stat(settings.out, &file) != 0 || !S_ISDIR(file.st_mode)))
		return;
	if (length + 1 + strlen(name) < sizeof(settings.out)) {
		text_join(settings.out + length, sizeof(settings.out) - length,
		          has_slash ? "" : "/", name, NULL);
		return;
	}
	complain(TRACE_VARIABLE_OUT, " is too long for the folder of a trace and was left out");
	strcpy(settings.out, name);
}

static void
read_switch(enum trace_variable_id id, bool *into)
{
	const char *value = value_of(id);

	if (!value)
		return;
	if (strcmp(value, "0") == 0 || strcmp(value, "1") == 0)
		*into = value[0] == '1';
	else
		complain(id, " is neither 0 nor 1 and was left out");
}

/* A whole number from 1 to `most`, or 0 where it is none. */
static uint64_t
number_of(const char *text, uint64_t most)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > most)
			return 0;
	}
	return *text ? 0 : number;
}

/* Seconds with decimals, in nanoseconds from 1 to `most`, or 0 where they are none. */
static uint64_t
nanoseconds_of(const char *text, uint64_t most)
{
	uint64_t number = 0, unit = SECOND_NS;
	bool is_fraction = false;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !is_fraction); text++) {
		if (*text == '.') {
			is_fraction = true;
			continue;
		}
		if (is_fraction)
			unit /= 10; /* 0 from the tenth decimal on, which counts no more */
		number = is_fraction ? number + (uint64_t)(*text - '0') * unit
		                     : number * 10 + (uint64_t)(*text - '0') * SECOND_NS;
		if (number > most)
			return 0;
	}
	return *text ? 0 : number;
}

static void
read_number(enum trace_variable_id id, uint64_t (*parse)(const char *, uint64_t), uint64_t most,
            uint64_t *into)
{
	const char *value = value_of(id);
	uint64_t number;

	if (!value)
		return;
	number = parse(value, most);
	if (number > 0)
		*into = number;
	else
		complain(id, " is no number in its range and was left out");
}

void
settings_read(void)
{
	uint64_t depth = settings.depth;

	/* First, so that it silences the complaints about the others. */
	read_switch(TRACE_VARIABLE_QUIET, &settings.quiet);
	look_for_unknown();
	read_place();
	read_text(TRACE_VARIABLE_PROFILES, settings.profiles, sizeof(settings.profiles));
	read_text(TRACE_VARIABLE_ONLY, settings.only, sizeof(settings.only));
	read_switch(TRACE_VARIABLE_KEEP, &settings.keep);
	read_switch(TRACE_VARIABLE_AUTO, &settings.automatic);
	read_switch(TRACE_VARIABLE_CHECK_UNWIND, &settings.check_unwind);
	read_switch(TRACE_VARIABLE_REFUSED, &settings.refused);
	read_number(TRACE_VARIABLE_BUDGET, nanoseconds_of, BUDGET_NS_MAX, &settings.budget_ns);
	read_number(TRACE_VARIABLE_DEPTH, number_of, DEPTH_MAX, &depth);
	settings.depth = (uint32_t)depth;
}

/* Whether `glob` (with * and ?) matches the whole of `name`: on a mismatch the last * takes one
 * byte more, so the time is bounded by the product of the lengths. */
static bool
matches(const char *glob, const char *name)
{
	const char *star = NULL, *retry = NULL;

	while (*name) {
		if (*glob == '*') {
			star = ++glob;
			retry = name;
		} else if (*glob == *name || *glob == '?') {
			glob++;
			name++;
		} else if (star) {
			glob = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

bool
settings_want(const char *program)
{
	return !settings.only[0] || matches(settings.only, text_file_name(program));
}

/* A path under construction: `used` goes past `size` when it does not fit. */
struct path {
	char *bytes;
	size_t size, used;
};

static void
append(struct path *path, const char *bytes, size_t count)
{
	if (path->used + count < path->size)
		memcpy(path->bytes + path->used, bytes, count);
	path->used += count;
}

static void
append_number(struct path *path, uint64_t number)
{
	char digits[20];
	size_t start = sizeof(digits);

	do
		digits[--start] = (char)('0' + number % 10);
	while (number /= 10);
	append(path, digits + start, sizeof(digits) - start);
}

static void
append_expanded(struct path *path, const char *text, const char *program)
{
	const char *name = text_file_name(program);

	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 'p')
			append_number(path, (uint64_t)getpid());
		else if (text[0] == '%' && text[1] == 'n')
			append(path, name, strlen(name));
		else if (text[0] == '%' && text[1] == '%')
			append(path, "%", 1);
		else {
			append(path, text, 1);
			continue;
		}
		text++;
	}
}

int
settings_trace_path(char *into, size_t size, const char *program)
{
	struct path path = { into, size, 0 };

	if (settings.out[0] != '/') {
		if (!getcwd(into, size)) {
			errno = errno == ERANGE ? ENAMETOOLONG : errno;
			return -1;
		}
		path.used = strlen(into);
		append(&path, "/", 1);
	}
	append_expanded(&path, settings.out, program);
	if (path.used >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	into[path.used] = '\0';
	return 0;
}
