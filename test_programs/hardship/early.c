/* A shared library whose constructor runs before a preloaded one's and whose destructor runs after:
 * it allocates in both, and registers handlers of fork that allocate and lock. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 100 };

void *early_block(int number);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *blocks[BLOCKS];

__attribute__((noinline)) static void
before(void)
{
	free(malloc(50));
	pthread_mutex_lock(&mutex);
}

__attribute__((noinline)) static void
in_parent(void)
{
	free(malloc(60));
	pthread_mutex_unlock(&mutex);
}

__attribute__((noinline)) static void
in_child(void)
{
	free(malloc(70));
	pthread_mutex_unlock(&mutex);
}

__attribute__((constructor)) static void
begin(void)
{
	pthread_atfork(before, in_parent, in_child);
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(100);
		memset(blocks[i], i, 100);
	}
}

__attribute__((destructor)) static void
end(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		free(blocks[i]);
		free(malloc(200));
	}
}

void *
early_block(int number)
{
	void *block = blocks[number % BLOCKS];

	blocks[number % BLOCKS] = NULL;
	return block;
}
