/* absl::flat_hash_map at the moments of its growth. */
#include "test_programs/grow_moment.h"

#include "absl/container/flat_hash_map.h"

int
main()
{
	return grow<absl::flat_hash_map<uint64_t, uint64_t>>();
}
