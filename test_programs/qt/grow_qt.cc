/* QHash at the moments of its growth: Qt asks the program's operator new for its bucket arrays. */
#include "test_programs/grow_moment.h"

#include <QHash>

/* What grow() asks a map, in the words of the standard library. The header is the block that the
 * object points at. */
struct hash_map : QHash<quint64, quint64> {
	size_t bucket_count() const { return static_cast<size_t>(capacity()); }
};

static uintptr_t
grow_header(const hash_map *map)
{
	return *reinterpret_cast<const uintptr_t *>(map);
}

int
main()
{
	return grow<hash_map>();
}
