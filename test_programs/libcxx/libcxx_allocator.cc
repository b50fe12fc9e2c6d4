/* The same program against libc++. */
#include "test_programs/unordered_allocator.cc"
