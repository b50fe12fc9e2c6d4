/* The traces that a command line means: files as they are, and for a folder every trace in it. */
#ifndef ANALYZER_COLLECT_H
#define ANALYZER_COLLECT_H

#include <stddef.h>

/* One trace, or a folder in which there was none (or that could not be read: errno_value). */
struct collect_entry {
	char *path;
	int is_empty_folder;
	int errno_value;
};

struct collect {
	struct collect_entry *entries;
	size_t count;
};

/* Files stand in the order given; those of a folder (NAME.mtr and NAME.mtr.N, not those of folders
 * within it) by name. A file that does not exist is an entry too: opening it will say so. Returns
 * 0, or -1 when memory is refused. */
int collect_traces(struct collect *collect, char *const *operands, size_t count);
void collect_release(struct collect *collect);

#endif
