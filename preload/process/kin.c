/*
 * Of a thousand programs that a build starts in a place where no trace can be made, the first
 * shall say so. They share no memory and the environment is the guest's: what they can see of each
 * other is the list of mappings, so a process without a trace keeps a page that says it by its
 * name; and the environment that each was started with, by which a process knows that its parent
 * had the same settings and has spoken of what is wrong with them.
 *
 *     make      no trace: says so, maps the page
 *       sh      no trace: make has the page, so it maps its own in silence
 *         cc    no trace: sh has it
 *
 * Called while the tracer starts, where there is something to complain about. The rule that must
 * never break: who cannot see its parent speaks.
 */
#include "preload/process/kin.h"

#include "preload/snapshot/mapping.h"
#include "preload/text.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_NAME "maptrace-without-trace"
#define PAGE_PATH "/memfd:" PAGE_NAME

static void
map_page(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create(PAGE_NAME, MFD_CLOEXEC);

	if (fd < 0)
		return;
	(void)mmap(NULL, size, PROT_NONE, MAP_SHARED, fd, 0); /* without it more than one speaks */
	close(fd);
}

static bool
has_page(pid_t pid)
{
	static struct mapping_reader reader; /* the stack may be small */
	char digits[TEXT_NUMBER_MAX], path[64];
	struct mapping mapping;
	bool is_found = false;

	text_join(path, sizeof(path), "/proc/", text_number(digits, (uint64_t)pid), "/maps", NULL);
	if (mapping_open(&reader, path) < 0)
		return false;
	while (!is_found && mapping_next(&reader, &mapping))
		is_found = strcmp(mapping.path, PAGE_PATH) == 0;
	mapping_close(&reader);
	return is_found;
}

bool
kin_is_first_without_trace(void)
{
	bool is_first = !has_page(getppid());

	map_page();
	return is_first;
}

/* ---- what the parent was started with */

static int
open_environment(pid_t pid)
{
	char digits[TEXT_NUMBER_MAX], path[64];

	text_join(path, sizeof(path), "/proc/", text_number(digits, (uint64_t)pid), "/environ",
	          NULL);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool
parent_began_with(const char *entry)
{
	static char bytes[4096]; /* the stack may be small */
	size_t all = strlen(entry) + 1, same = 0; /* with the 0 that ends it */
	bool is_other = false;
	int fd = open_environment(getppid());
	ssize_t count;

	if (fd < 0)
		return false;
	while (same < all && (count = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < count && same < all; i++) {
			is_other |= bytes[i] != entry[same];
			same = is_other ? 0 : same + 1;
			is_other &= bytes[i] != '\0';
		}
	}
	close(fd);
	return same == all;
}

bool
kin_has_seen(const char *entry)
{
	static const char name[] = "LD_PRELOAD=";
	const char *preload = secure_getenv("LD_PRELOAD");

	/* What getenv gives is the end of its entry. Without it everybody has the library. */
	return (!preload || parent_began_with(preload - (sizeof(name) - 1))) &&
	       (!entry || parent_began_with(entry));
}
