/* The same program against libc++. */
#include "test_programs/unordered_custom_hash.cc"
