/* The same program against libc++. */
#include "test_programs/unordered_multimap.cc"
