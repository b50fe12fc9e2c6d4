/* Threads that come and go, small ones, their destructors, stacks of all sorts, and code that is
 * loaded and unloaded meanwhile. */
#include "test_programs/hardship/hardship.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	BLOCKS = 64,
	TOGETHER = 16,
	DEEP = 1000000,
	DEEP_STACK = 512 * 1024 * 1024,
	COROUTINES = 50,
	COROUTINE_STACK = 64 * 1024,
	THOUSANDS_STACK = 512 * 1024, /* libc keeps 40 MiB of them, each with a block of its own */
};

static void
join(pthread_t thread)
{
	expect(!pthread_join(thread, NULL), "pthread_join");
}

/* ---- threads that end while others free their blocks */

static void *
give_blocks(void *into)
{
	_Atomic(void *) *blocks = into;

	for (int i = 0; i < BLOCKS; i++)
		atomic_store(&blocks[i], malloc(100 + (size_t)i));
	return NULL;
}

static void
free_of_the_dead(unsigned times)
{
	static _Atomic(void *) blocks[TOGETHER][BLOCKS];

	for (unsigned turn = 0; turn < times; turn++) {
		pthread_t threads[TOGETHER];
		int left = TOGETHER * BLOCKS;

		for (int i = 0; i < TOGETHER; i++)
			expect(!pthread_create(&threads[i], NULL, give_blocks, blocks[i]),
			       "pthread_create");
		for (int at = 0; left > 0; at = (at + 1) % (TOGETHER * BLOCKS)) {
			void *block = atomic_exchange(&blocks[at / BLOCKS][at % BLOCKS], NULL);

			left -= block != NULL;
			free(block);
		}
		for (int i = 0; i < TOGETHER; i++)
			join(threads[i]);
	}
}

/* ---- threads with as little stack as there may be */

static void *
work_a_little(void *unused)
{
	free(malloc(100));
	free(calloc(3, 50));
	return NULL;
}

static void
small_stacks(unsigned times)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	expect(!pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)),
	       "stack size");
	for (unsigned i = 0; i < times; i++) {
		pthread_t thread;

		expect(!pthread_create(&thread, &attributes, work_a_little, NULL),
		       "pthread_create");
		join(thread);
	}
	pthread_attr_destroy(&attributes);
}

/* ---- thousands of threads, which all begin at once and end at once */

static pthread_barrier_t all_are_there;

static void *
work_together(void *unused)
{
	work_a_little(NULL);
	pthread_barrier_wait(&all_are_there);
	return work_a_little(NULL);
}

static void
thousands(unsigned count)
{
	pthread_t *threads = calloc(count, sizeof(*threads));
	pthread_attr_t attributes;

	expect(threads && !pthread_barrier_init(&all_are_there, NULL, count), "a barrier");
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THOUSANDS_STACK);
	for (unsigned i = 0; i < count; i++)
		expect(!pthread_create(&threads[i], &attributes, work_together, NULL),
		       "pthread_create");
	for (unsigned i = 0; i < count; i++)
		join(threads[i]);
	pthread_attr_destroy(&attributes);
	pthread_barrier_destroy(&all_are_there);
	free(threads);
}

/* ---- what a thread does while it ends */

static pthread_key_t key;

/* Allocates, for as many rounds as libc grants. */
static void
at_thread_end(void *block)
{
	size_t round = *(size_t *)block;
	size_t *next;

	free(block);
	churn(10);
	if (round == PTHREAD_DESTRUCTOR_ITERATIONS)
		return;
	next = malloc(sizeof(*next));
	*next = round + 1;
	pthread_setspecific(key, next);
}

static void *
leave_a_block(void *unused)
{
	size_t *block = malloc(sizeof(*block));

	*block = 1;
	pthread_setspecific(key, block);
	churn(5);
	return NULL;
}

static void
destructors(unsigned times)
{
	pthread_t threads[TOGETHER];

	expect(!pthread_key_create(&key, at_thread_end), "a key");
	for (unsigned turn = 0; turn < times; turn++) {
		for (int i = 0; i < TOGETHER; i++)
			expect(!pthread_create(&threads[i], NULL, leave_a_block, NULL),
			       "pthread_create");
		for (int i = 0; i < TOGETHER; i++)
			join(threads[i]);
	}
	pthread_key_delete(key);
}

static void *
wait_for_cancel(void *unused)
{
	void *block = malloc(123);

	pthread_cleanup_push(free, block);
	for (;;) {
		churn(3);
		pthread_testcancel();
	}
	pthread_cleanup_pop(1);
	return NULL;
}

static void
cancels(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		pthread_t thread;

		expect(!pthread_create(&thread, NULL, wait_for_cancel, NULL), "pthread_create");
		usleep(200);
		pthread_cancel(thread);
		join(thread);
	}
}

/* ---- deep stacks, and stacks that change */

__attribute__((noinline)) static unsigned
descend(unsigned depth)
{
	volatile unsigned here = depth;

	if (depth % 4096 == 0)
		free(malloc(depth % 100 + 1));
	return depth ? descend(depth - 1) + (here & 1) : 0;
}

static void *
descend_deep(void *depth)
{
	expect(descend(*(unsigned *)depth) == *(unsigned *)depth / 2, "the way back");
	return NULL;
}

static void
deep(unsigned depth)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	expect(!pthread_attr_setstacksize(&attributes, DEEP_STACK), "stack size");
	expect(!pthread_create(&thread, &attributes, descend_deep, &depth), "pthread_create");
	join(thread);
	pthread_attr_destroy(&attributes);
}

static ucontext_t here, there[COROUTINES];
static unsigned current;
static void *passed_on;

static void
coroutine(void)
{
	for (;;) {
		free(passed_on);
		passed_on = malloc(77);
		churn(2);
		swapcontext(&there[current], &here);
	}
}

static void
coroutines(unsigned times)
{
	char *stacks = mmap(NULL, COROUTINES * COROUTINE_STACK, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(stacks != MAP_FAILED, "mmap");
	for (int i = 0; i < COROUTINES; i++) {
		getcontext(&there[i]);
		there[i].uc_stack.ss_sp = stacks + i * COROUTINE_STACK;
		there[i].uc_stack.ss_size = COROUTINE_STACK;
		makecontext(&there[i], coroutine, 0);
	}
	for (unsigned i = 0; i < times; i++) {
		current = i * 7 % COROUTINES;
		swapcontext(&here, &there[current]);
	}
	free(passed_on);
	munmap(stacks, COROUTINES * COROUTINE_STACK);
}

/* ---- code that comes and goes */

static void
plugins(unsigned times)
{
	Dl_info self;
	char path[PATH_MAX];

	expect(dladdr((void *)hardships, &self) != 0, "dladdr");
	snprintf(path, sizeof(path), "%.*s/../../hardship/libplugin.so",
	         (int)(strrchr(self.dli_fname, '/') - self.dli_fname), self.dli_fname);
	crowd_start();
	for (unsigned i = 0; i < times; i++) {
		void *plugin = dlopen(path, RTLD_NOW);
		void (*work)(void);

		expect(plugin != NULL, path);
		work = (void (*)(void))dlsym(plugin, "plugin_work");
		work();
		dlclose(plugin);
	}
	crowd_stop();
}

const struct hardship hardships[] = {
	{ "free_of_the_dead", free_of_the_dead, 30, 2000 },
	{ "small_stacks", small_stacks, 100, 5000 },
	{ "thousands", thousands, 3000, 6000 },
	{ "destructors", destructors, 20, 1000 },
	{ "cancels", cancels, 50, 2000 },
	{ "deep", deep, DEEP, DEEP },
	{ "coroutines", coroutines, 2000, 200000 },
	{ "plugins", plugins, 100, 5000 },
	{ 0 },
};
