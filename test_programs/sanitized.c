/*
 * Allocates in a thread, in a child, in main; its exit status and its word are its own. The test
 * that runs it (tests/e2e/test_guest.py) builds it once for each sanitizer.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *
allocate(void *sum)
{
	for (size_t i = 1; i < 1000; i++) {
		char *block = malloc(i);

		block[i - 1] = (char)i;
		*(int *)sum += block[i - 1];
		free(block);
	}
	return NULL;
}

int
main(void)
{
	pthread_t thread;
	int sum = 0, status;

	if (pthread_create(&thread, NULL, allocate, &sum) || pthread_join(thread, NULL))
		return 1;
	if (fork() == 0) {
		allocate(&sum);
		_exit(sum & 63);
	}
	wait(&status);
	allocate(&sum);
	printf("%d %d\n", sum, WEXITSTATUS(status));
	return 7;
}
