/* The half of calls.c that is built with frame pointers. */
#ifndef TEST_PROGRAM_POINTERS_H
#define TEST_PROGRAM_POINTERS_H

void calls_step(int left);
void pointers_step(int left);
void pointers_alloca(int left);
void pointers_tail(int left);

#endif
