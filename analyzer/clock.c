/* See clock.h. */
#include "analyzer/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint64_t
clock_now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double
clock_seconds(void)
{
	return (double)clock_now_ns(CLOCK_MONOTONIC) / 1e9;
}

uint64_t
clock_age_ns(pid_t pid)
{
	char path[32], text[1024] = "", *after;
	unsigned long long ticks = 0;
	uint64_t now = clock_now_ns(CLOCK_BOOTTIME), started;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	(void)!fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	after = strrchr(text, ')'); /* the name before it may hold anything */
	if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
					"%*d %*d %*d %*d %*d %llu", &ticks) != 1)
		return 0;
	started = ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
	return now > started ? now - started : 0;
}
