/*
 * Runs a fuzz target over the inputs that are kept for it, and over CHANGES changed forms of each:
 * what `make check` has of fuzzing, with any compiler. The same inputs in the same order each time:
 * random numbers follow from a fixed seed. Linked with one target; its own name says which.
 *
 *     replay = kept input 0 as it is, changed 1, ... changed CHANGES, kept input 1 as it is, ...
 *
 * A fault ends the process, by the sanitizers, by abort or by a signal; the input that was being
 * run is then named, so that it can be made again: its file, and the number of the change.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHANGES = 50, EDITS_MAX = 4, SIZE_MAX_INPUT = 1 << 16 };

static struct {
	char name[512];
	unsigned change;
} under_way;

static uint64_t random_state = 88172645463325252u;

/* xorshift64: its numbers are the same everywhere. */
static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Sanitizers end by abort, so that the handler below hears of it. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "abort_on_error=1:detect_leaks=0";
}
const char *__ubsan_default_options(void);
const char *
__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void
tell(int signal)
{
	dprintf(STDOUT_FILENO, "# fault at %s, change %u\n", under_way.name, under_way.change);
}

/* One edit: a byte, a telling word, bytes taken out, or bytes repeated. Returns the new size. */
static size_t
edit(uint8_t *bytes, size_t size)
{
	static const uint64_t words[] = { 0, 1, 0x7f, 0xff, 0x7fff, 0xffff, INT32_MAX, UINT32_MAX,
		                          INT64_MAX, UINT64_MAX, 1ull << 31, 1ull << 63 };
	uint64_t word = words[next_random() % (sizeof(words) / sizeof(*words))];
	size_t at = next_random() % size, length = 1 + next_random() % 16, width;

	length = length < size - at ? length : size - at;
	switch (next_random() % 4) {
	case 0:
		bytes[at] = (uint8_t)next_random();
		return size;
	case 1:
		width = 1u << next_random() % 4;
		memcpy(bytes + at, &word, width < size - at ? width : size - at);
		return size;
	case 2:
		memmove(bytes + at, bytes + at + length, size - at - length);
		return size > length ? size - length : size;
	default:
		if (size + length > SIZE_MAX_INPUT)
			return size;
		memmove(bytes + at + length, bytes + at, size - at);
		return size + length;
	}
}

/* The input in a block of just its size: the sanitizer watches its ends. */
static void
run(const uint8_t *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void
run_changed(const uint8_t *kept, size_t size)
{
	static uint8_t bytes[SIZE_MAX_INPUT];

	for (under_way.change = 1; size && under_way.change <= CHANGES; under_way.change++) {
		size_t now = size;

		memcpy(bytes, kept, size);
		for (uint64_t edits = 1 + next_random() % EDITS_MAX; edits > 0; edits--)
			now = edit(bytes, now);
		run(bytes, now);
	}
}

/* Returns 0, or -1 where the file is not one that this can read whole. */
static int
replay(const char *path)
{
	static uint8_t bytes[SIZE_MAX_INPUT];
	int fd = open(path, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	if (size < 0 || size == sizeof(bytes))
		return -1;
	snprintf(under_way.name, sizeof(under_way.name), "%s", path);
	under_way.change = 0;
	run(bytes, (size_t)size);
	run_changed(bytes, (size_t)size);
	return 0;
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* All of a folder, in the order of its names; returns how many, or -1. */
static int
replay_folder(const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_input, alphasort), result = count;
	char path[512];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (result > 0 && replay(path))
			result = -1;
		free(entries[i]);
	}
	free(entries);
	return result;
}

int
main(int argc, char **argv)
{
	const char *target = basename(argv[0]);
	char folder[256];
	int count;

	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", target);
	signal(SIGABRT, tell);
	setbuf(stdout, NULL);
	puts("1..1");
	count = replay_folder(folder);
	if (count <= 0)
		printf("not ok 1 - %s: nothing that can be read is kept in %s\n", target, folder);
	else
		printf("ok 1 - %s: %d kept inputs, each changed %d times\n", target, count,
		       CHANGES);
	return count <= 0;
}
