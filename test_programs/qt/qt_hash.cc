/*
 * QHash, QMultiHash and QSet of many sizes: grown, half removed, emptied by erase(it), which never
 * shrinks them, with room asked for in advance, with strings.
 */
#include "test_programs/qt/truth_qt.h"

#include <vector>

using map_type = QHash<quint64, quint64>;
using multi_type = QMultiHash<int, int>;
using text_type = QHash<QString, QString>;
enum { SET_NODE = sizeof(QHashNode<int, QHashDummyValue>) };

static QString
text_of(int number)
{
	return QStringLiteral("a text of some length ") + QString::number(number);
}

static void
with_strings()
{
	static text_type texts;
	uint64_t bytes = 0;
	for (int number = 0; number < 2000; number++)
		texts.insert(text_of(number), text_of(number + 1));
	for (int number = 0; number < 2000; number += 3)
		texts.erase(texts.find(text_of(number)));
	for (auto at = texts.cbegin(); at != texts.cend(); ++at)
		bytes += bytes_of(at.key()) + bytes_of(at.value());
	truth_qt("strings, a third erased", texts, sizeof(QHashNode<QString, QString>), bytes,
	         false);
}

int
main()
{
	std::vector<map_type> small(40);
	std::vector<QByteArray> names;
	map_type kept, half, emptied, reserved;
	multi_type many;
	QSet<int> set;
	const size_t node = sizeof(QHashNode<quint64, quint64>);

	for (size_t count = 1; count <= small.size(); count++)
		for (quint64 key = 0; key < count; key++)
			small[count - 1].insert(key, key);
	for (quint64 key = 0; key < 20000; key++) {
		kept.insert(key, key);
		half.insert(key, key);
		emptied.insert(key, key);
		many.insert(static_cast<int>(key / 4), 1);
		set.insert(static_cast<int>(key));
	}
	for (quint64 key = 0; key < 20000; key += 2)
		half.remove(key);
	for (auto at = emptied.begin(); at != emptied.end();)
		at = emptied.erase(at);
	reserved.reserve(3000);
	reserved.insert(1, 1);

	for (const map_type &map : small)
		names.push_back("of " + QByteArray::number(map.size()));
	for (size_t i = 0; i < small.size(); i++)
		truth_qt(names[i].constData(), small[i], node, 0, true);
	truth_qt("kept", kept, node, 0, true);
	truth_qt("half", half, node, 0, false);
	truth_qt("emptied", emptied, node, 0, false);
	truth_qt("reserved", reserved, node, 0, false);
	truth_qt("multi", many, sizeof(QHashNode<int, int>), 0, true);
	truth_qt("set", set, SET_NODE, 0, true);
	with_strings();
	truth_end();
	return 0;
}
