/* The same program against libc++. */
#include "test_programs/needed_unordered.cc"
