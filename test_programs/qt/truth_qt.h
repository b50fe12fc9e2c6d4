/*
 * The truth about Qt's hashes: size(), capacity(), which is the bucket count, and the type of their
 * nodes. The header is the block that the object points at.
 */
#ifndef TEST_PROGRAMS_QT_TRUTH_QT_H
#define TEST_PROGRAMS_QT_TRUTH_QT_H

#include "test_programs/truth.h"

#include <QHash>
#include <QSet>
#include <QString>

template <class Hash>
uintptr_t
header_of(const Hash &hash)
{
	static_assert(sizeof(hash) == sizeof(uintptr_t), "a pointer to the header");
	return *reinterpret_cast<const uintptr_t *>(&hash);
}

/* A string's block: Qt's own header, the text and its end. */
inline uint64_t
bytes_of(const QString &text)
{
	return sizeof(QStringData) + (static_cast<uint64_t>(text.capacity()) + 1) * sizeof(QChar);
}

template <class Hash>
void
truth_qt(const char *name, const Hash &hash, size_t node_size, uint64_t value_bytes,
         bool was_only_inserted)
{
	struct truth truth = {};
	truth.name = name;
	truth.where = "block";
	truth.address = header_of(hash);
	truth.count = static_cast<uint64_t>(hash.size());
	truth.buckets = truth.capacity = static_cast<uint64_t>(hash.capacity());
	truth.bucket_bytes = truth.buckets * sizeof(void *);
	truth.node_bytes = truth.count * node_size;
	truth.value_bytes = value_bytes;
	truth.needed_bytes = TRUTH_UNTOLD;
	truth.inserts_only = was_only_inserted;
	truth_print(&truth);
}

#endif
