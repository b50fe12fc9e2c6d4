/* See snapshot_rows.h. Each row is whole before it is published. */
#include "preload/snapshot/snapshot_rows.h"

#include "preload/process/tracer.h"

#include <string.h>

int
snapshot_rows_begin(struct snapshot_rows *rows, uint32_t index, enum trace_chunk_kind kind,
                    uint32_t *told)
{
	rows->told = told;
	return trace_table_init(&rows->table, kind, index);
}

int
snapshot_rows_add(struct snapshot_rows *rows, const void *array, size_t count)
{
	size_t size = rows->table.record_size;

	for (size_t i = 0; i < count; i++) {
		void *into = trace_table_next(&tracer.writer, &rows->table);

		if (!into)
			return -1;
		memcpy(into, (const uint8_t *)array + i * size, size);
		trace_table_publish(&tracer.writer, &rows->table);
	}
	return 0;
}

int
snapshot_rows_end(struct snapshot_rows *rows, int result)
{
	__atomic_store_n(rows->told, rows->table.count, __ATOMIC_RELEASE);
	trace_table_release(&rows->table);
	return result;
}
