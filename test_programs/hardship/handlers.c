/* Handlers of pthread_atfork that allocate and lock, registered before and after anyone else's, and
 * threads that hold libc's own locks while another forks. */
#include "test_programs/hardship/hardship.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool is_over;

/* Each from a place of its own: a stack that nobody has met yet. */
__attribute__((noinline)) static void
before(void)
{
	churn(3);
	pthread_mutex_lock(&mutex);
}

__attribute__((noinline)) static void
in_parent(void)
{
	churn(3);
	pthread_mutex_unlock(&mutex);
}

__attribute__((noinline)) static void
in_child(void)
{
	churn(3);
	pthread_mutex_unlock(&mutex);
}

static void *
allocate_locked(void *unused)
{
	while (!atomic_load(&is_over)) {
		pthread_mutex_lock(&mutex);
		churn(5);
		pthread_mutex_unlock(&mutex);
		usleep(50);
	}
	return NULL;
}

static void
forks(unsigned times, void *(*const meanwhile[])(void *), int count)
{
	pthread_t threads[8];

	atomic_store(&is_over, false);
	for (int i = 0; i < count; i++)
		expect(!pthread_create(&threads[i], NULL, meanwhile[i], NULL), "pthread_create");
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			churn(5);
			_exit(0);
		}
		reap(pid);
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* The plugin that this program is linked with registers such handlers from its constructor, which
 * runs before a preloaded library's. */
static void
atfork(unsigned times)
{
	void *(*const meanwhile[])(void *) = { allocate_locked, allocate_locked };

	pthread_atfork(before, in_parent, in_child);
	forks(times, meanwhile, 2);
}

static void *
write_memory(void *unused)
{
	while (!atomic_load(&is_over)) {
		char *text = NULL;
		size_t size = 0;
		FILE *stream = open_memstream(&text, &size);

		for (int i = 0; i < 100; i++)
			fputs("0123456789abcdef0123456789abcdef", stream);
		fclose(stream);
		free(text);
		usleep(50);
	}
	return NULL;
}

static void *
flush_all(void *unused)
{
	while (!atomic_load(&is_over)) {
		fflush(NULL);
		usleep(20);
	}
	return NULL;
}

static void *
read_lines(void *unused)
{
	while (!atomic_load(&is_over)) {
		FILE *stream = fopen("/proc/self/maps", "r");
		char *line = NULL;
		size_t room = 0;

		while (getline(&line, &room, stream) > 0) {
			free(line);
			line = NULL;
			room = 0;
		}
		free(line);
		fclose(stream);
	}
	return NULL;
}

static void
streams(unsigned times)
{
	void *(*const meanwhile[])(void *) = { write_memory, flush_all, read_lines, write_memory,
		flush_all, read_lines };

	forks(times, meanwhile, 6);
}

const struct hardship hardships[] = {
	{ "atfork", atfork, 100, 3000 },
	{ "streams", streams, 100, 2000 },
	{ 0 },
};
