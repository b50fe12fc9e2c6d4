/* The same program against libc++. */
#include "test_programs/grow_unordered.cc"
