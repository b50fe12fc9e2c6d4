/* The same program against libc++. */
#include "test_programs/chains_unordered.cc"
