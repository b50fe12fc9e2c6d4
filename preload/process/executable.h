/* The program that runs, by the name that it was started by. */
#ifndef PRELOAD_PROCESS_EXECUTABLE_H
#define PRELOAD_PROCESS_EXECUTABLE_H

#include <stddef.h>

/* The path of the file that runs, links resolved; empty where the kernel does not tell. `room`:
 * bytes, at least 1; what is longer is cut. */
void executable_file(char *into, size_t room);

/* The path that it was started by, absolute: where that is a link to the file that runs it has the
 * name that people know the program by (Debian's redis-server is a link to redis-check-rdb). Else
 * that of the file: of a script's interpreter, of a program started by its descriptor. `file`: what
 * executable_file told. */
void executable_path(char *into, size_t room, const char *file);

#endif
