/*
 * Reads bytes of a process by system calls, which return an error where a pointer would fault.
 * process_vm_readv needs no descriptor; where a seccomp filter refuses it, /proc/PID/mem is left.
 * Used by memory_self.c and memory_process.c only.
 */
#ifndef FINDER_MEMORY_FETCH_H
#define FINDER_MEMORY_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_fetch {
	pid_t pid;
	int fd; /* /proc/PID/mem, or -1: process_vm_readv works */
};

/* Chooses the way that can read `probe`. Returns 0, or -1 with errno where none can. */
int memory_fetch_open(struct memory_fetch *fetch, pid_t pid, uint64_t probe);
void memory_fetch_close(struct memory_fetch *fetch);

/* "/proc/PID/FILE", cut to fit: here is no stdio. */
enum { MEMORY_FETCH_NAME = 32 };
void memory_fetch_name(char name[MEMORY_FETCH_NAME], pid_t pid, const char *file);

/* How many of `size` bytes were read, from the first on; 0 with errno where that one cannot be. */
size_t memory_fetch(const struct memory_fetch *fetch, uint64_t address, void *into, size_t size);

#endif
