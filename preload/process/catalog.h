/* The profiles of this run: those compiled into the library, and those of the user's folder. */
#ifndef PRELOAD_PROCESS_CATALOG_H
#define PRELOAD_PROCESS_CATALOG_H

/* Compiles them into tracer.profile[]. One with errors is reported and left out. */
void catalog_load(void);

/* Writes them into the trace, texts included. Returns 0, or -1 with errno. */
int catalog_publish(void);

#endif
