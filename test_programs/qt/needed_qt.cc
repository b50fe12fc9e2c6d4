/*
 * QHash emptied to every count from 1 on, next to fresh ones; then squeeze() of each that was
 * emptied. erase(it) empties it: remove() would shrink it at once.
 */
#include "test_programs/needed_map.h"
#include "test_programs/qt/truth_qt.h"

using map_type = QHash<quint64, quint64>;

int
main()
{
	static std::deque<map_type> emptied, fresh;
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		emptied.emplace_back();
		fresh.emplace_back();
		for (uint64_t key = 0; key < NEEDED_FROM; key++)
			emptied.back().insert(key, key);
		for (uint64_t key = count; key < NEEDED_FROM; key++)
			emptied.back().erase(emptied.back().find(key));
		for (uint64_t key = 0; key < count; key++)
			fresh.back().insert(key, key);
		needed_tell("QHash", count, reinterpret_cast<void *>(header_of(emptied.back())),
		            reinterpret_cast<void *>(header_of(fresh.back())));
	}
	needed_end();
	for (map_type &map : emptied) {
		uint64_t before = counted_live;
		counted_peak = before;
		map.squeeze();
		needed_tell_shrunk("QHash", "squeeze", static_cast<uint64_t>(map.size()),
		                   reinterpret_cast<void *>(header_of(map)), counted_peak - before);
	}
	needed_shrunk_end();
	return 0;
}
