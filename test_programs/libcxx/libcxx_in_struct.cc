/* The same program against libc++. */
#include "test_programs/unordered_in_struct.cc"
