/*
 * A guest on a lead: it does what the lines on its standard input say, and answers each with
 * "done". It holds one Go-style map, filled and emptied, so that every snapshot has something to
 * find.
 *
 *     marker [ENTRIES]    default 1000
 *
 *     mark LABEL    takes a mark
 *     work COUNT    allocates and frees COUNT times
 *     heap COUNT    allocates COUNT small blocks and keeps them
 *     array BYTES   allocates one block, and writes to each of its pages
 *     touch         writes to each of them again; answers how many faults that took
 *     thread        starts a thread that does nothing
 *     holes         maps memory whose pages raise SIGBUS when they are read, though it is readable
 *     refuse        from now on the kernel refuses new processes (a seccomp filter), as a sandbox
 *                   may
 *     wait          waits for any child, clone children included; answers "child" or "none" first
 */
#include "test_programs/numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <maptrace.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ENTRIES_MAX = 10 * 1000 * 1000,
	BLOCK = 40,
	PAGE = 4096,
	STRIDE = 16 * PAGE,
	HOLES = 64 * STRIDE,
};

static void *volatile kept;
static struct {
	volatile char *at;
	long size;
} array;

static void
work(long count)
{
	for (long i = 0; i < count; i++) {
		void *volatile block = malloc(BLOCK);
		free(block);
	}
}

/* A list, so that no block is lost. */
static void
heap(long count)
{
	for (long i = 0; i < count; i++) {
		void **block = malloc(BLOCK);
		if (block == NULL)
			abort();
		*block = kept;
		kept = block;
	}
}

static long
faults_so_far(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static void
touch(void)
{
	for (long i = 0; i < array.size; i += PAGE)
		array.at[i]++;
}

/* Of pages of one size, which the faults are counted by. */
static void
take_array(long size)
{
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	array.at = malloc((size_t)size);
	array.size = array.at ? size : 0;
	touch();
}

static void
count_faults(void)
{
	long before = faults_so_far();
	touch();
	printf("%ld\n", faults_so_far() - before);
}

static void *
idle(void *nothing)
{
	for (;;)
		pause();
	return nothing;
}

static void
start_thread(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, idle, NULL) != 0)
		abort();
}

/* The first page is there, so that what comes after it is worth reading. */
static void
map_holes(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	char *at = mmap(NULL, HOLES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_SIGBUS};
	struct uffdio_register holes = {
		.range = {.start = (uintptr_t)at, .len = HOLES},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (at == MAP_FAILED)
		abort();
	for (long i = 0; i < HOLES; i += STRIDE)
		at[i] = 1;
	if (ioctl(fd, UFFDIO_API, &api) != 0 || ioctl(fd, UFFDIO_REGISTER, &holes) != 0) {
		perror("marker: userfaultfd");
		exit(1);
	}
}

#define REFUSE(number) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

static void
refuse(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		REFUSE(SYS_clone),
		REFUSE(SYS_clone3),
#ifdef SYS_fork
		REFUSE(SYS_fork),
		REFUSE(SYS_vfork),
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof(rules) / sizeof(*rules), .filter = rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
		perror("marker: seccomp");
		exit(1);
	}
}

static void
wait_for_any(void)
{
	int status;
	puts(waitpid(-1, &status, __WALL) > 0 ? "child" : "none");
}

static int
obey(char *line)
{
	char *argument = strchr(line, ' ');
	if (argument != NULL)
		*argument++ = '\0';
	if (strcmp(line, "mark") == 0)
		maptrace_mark(argument);
	else if (strcmp(line, "work") == 0 && argument != NULL)
		work(atol(argument));
	else if (strcmp(line, "heap") == 0 && argument != NULL)
		heap(atol(argument));
	else if (strcmp(line, "array") == 0 && argument != NULL)
		take_array(atol(argument));
	else if (strcmp(line, "touch") == 0)
		count_faults();
	else if (strcmp(line, "thread") == 0)
		start_thread();
	else if (strcmp(line, "holes") == 0)
		map_holes();
	else if (strcmp(line, "refuse") == 0)
		refuse();
	else if (strcmp(line, "wait") == 0)
		wait_for_any();
	else
		return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	char line[256];
	long entries = number_argument(argc, argv, 1, 1000, ENTRIES_MAX);
	struct gomap *map = numbers_new();

	numbers_add(map, entries);
	numbers_delete(map, entries);
	gomap_collect(map);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (obey(line) != 0) {
			fprintf(stderr, "%s: what is '%s'?\n", argv[0], line);
			return 2;
		}
		puts("done");
		fflush(stdout);
	}
	return 0;
}
