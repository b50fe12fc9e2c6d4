/*
 * Open addressing by cache lines of eight nodes, filled from their first on:
 *
 *     path --> line | tag, node | tag, node | ... | 0 | end | end | ... |   a free place ends the
 *                     |                                                     search
 *                     '--> node of the trace: parent, site
 *
 * A tag is the low bits of a path, as many as the numbers of a table's nodes leave of a word. It
 * keeps other nodes from being looked at; which one it is the node itself tells.
 *
 * Called by intern.c: nodes_expect, nodes_find and nodes_guess by any thread, all else under its
 * lock. Rules: a node is published before its place is taken, the line's end of it is set later;
 * nothing is removed or moved within a table, and a table is published whole. An outgrown table
 * stays mapped, since a reader may still be in it; its memory is given back, so that such a reader
 * finds free places, and looks again under the lock.
 */
#include "preload/stacks/nodes.h"

#include "preload/hidden.h"
#include "preload/process/tracer.h"
#include "preload/stacks/intern.h"
#include "preload/stacks/lines.h"

#include <sys/mman.h>

enum { LINE_NODES = 8, LINES_FIRST = 128, TABLES = 48 };

struct line {
	uint32_t places[LINE_NODES]; /* 0: free */
	uint32_t ends[LINE_NODES];
};
_Static_assert(sizeof(struct line) == LINE_SIZE, "one cache line");

struct table {
	struct line *lines;
	size_t count;   /* of lines */
	uint32_t bits; /* of a place that hold a node's number */
};

static struct table tables[TABLES]; /* each larger than the one before; see lines.h */
static struct table *current;       /* the last of them; NULL: there is none yet */

static inline const struct table *
nodes_table(void)
{
	return __atomic_load_n(&current, __ATOMIC_ACQUIRE);
}

static inline size_t
nodes_line(const struct table *table, uint32_t path)
{
	return (size_t)((uint64_t)path * table->count >> 32);
}

static inline size_t
nodes_next(const struct table *table, size_t line)
{
	return ++line == table->count ? 0 : line;
}

static inline uint32_t
nodes_place(const struct table *table, uint32_t path, uint32_t node)
{
	return path << table->bits | node;
}

static inline uint32_t
nodes_number(const struct table *table, uint32_t place)
{
	return place & ((UINT32_C(1) << table->bits) - 1);
}

/* ---- finding */

void
nodes_expect(uint32_t path)
{
	const struct table *table = nodes_table();

	if (table)
		__builtin_prefetch(&table->lines[nodes_line(table, path)]);
}

/* A bit for each of four places that has this tag. Without a branch for each: which one it is
 * cannot be foretold. */
static inline unsigned
nodes_match_four(const uint32_t *places, uint32_t tag, uint32_t numbers)
{
	unsigned matches = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t place = __atomic_load_n(&places[i], __ATOMIC_RELAXED);

		matches |= (unsigned)((place ^ tag) <= numbers) << i;
	}
	return matches;
}

/* The same of all places: also of a free one, where the tag is 0. */
static inline unsigned
nodes_match(const struct table *table, const struct line *line, uint32_t path)
{
	uint32_t tag = nodes_place(table, path, 0), numbers = nodes_number(table, UINT32_MAX);

	return nodes_match_four(line->places, tag, numbers) |
	       nodes_match_four(line->places + 4, tag, numbers) << 4;
}

/* A node in this line that has this site and, unless that is NULL, this parent. */
static inline struct node_found
nodes_search(const struct table *table, const struct line *line, uint32_t path,
             const uint32_t *parent, uint32_t site)
{
	unsigned matches = nodes_match(table, line, path);

	for (; matches; matches &= matches - 1) {
		int at = __builtin_ctz(matches);
		uint32_t place = __atomic_load_n(&line->places[at], __ATOMIC_ACQUIRE);
		uint32_t number = nodes_number(table, place);
		const struct trace_node *node = tracer_node(number);

		if (number && node->site == site && (!parent || node->parent == *parent))
			return (struct node_found){
				number, __atomic_load_n(&line->ends[at], __ATOMIC_ACQUIRE),
			};
	}
	return (struct node_found){ 0, 0 };
}

struct node_found
nodes_find(uint32_t path, uint32_t parent, uint32_t site)
{
	const struct table *table = nodes_table();
	struct node_found found = { 0, 0 };

	for (size_t at = table ? nodes_line(table, path) : 0; table; at = nodes_next(table, at)) {
		const struct line *line = &table->lines[at];

		found = nodes_search(table, line, path, &parent, site);
		if (found.node ||
		    !__atomic_load_n(&line->places[LINE_NODES - 1], __ATOMIC_RELAXED))
			break;
	}
	return found;
}

struct node_found
nodes_guess(uint32_t path, uint32_t site)
{
	const struct table *table = nodes_table();

	if (!table)
		return (struct node_found){ 0, 0 };
	return nodes_search(table, &table->lines[nodes_line(table, path)], path, NULL, site);
}

/* ---- adding */

/* Where this node lies, or the free place where it would; *line: the line that holds it. */
static int
nodes_seek(const struct table *table, uint32_t path, uint32_t node, struct line **line)
{
	uint32_t wanted = nodes_place(table, path, node);

	for (size_t at = nodes_line(table, path);; at = nodes_next(table, at)) {
		*line = &table->lines[at];
		for (int i = 0; i < LINE_NODES; i++) {
			if ((*line)->places[i] == wanted || !(*line)->places[i])
				return i;
		}
	}
}

static void
nodes_put(const struct table *table, uint32_t path, uint32_t node, uint32_t end)
{
	struct line *line;
	int at = nodes_seek(table, path, node, &line);

	__atomic_store_n(&line->ends[at], end, __ATOMIC_RELAXED);
	__atomic_store_n(&line->places[at], nodes_place(table, path, node), __ATOMIC_RELEASE);
}

/* Places move with the table, and a path is not kept for each node. A parent comes before its
 * children. */
static void
nodes_list_paths(uint32_t *paths)
{
	for (uint32_t i = 1; i < tracer.nodes.count; i++) {
		const struct trace_node *node = tracer_node(i);

		paths[i] = intern_path(paths[node->parent], node->site);
	}
}

static void
nodes_put_all(const struct table *from, const struct table *into, const uint32_t *paths)
{
	for (size_t at = 0; at < from->count; at++) {
		for (int i = 0; i < LINE_NODES; i++) {
			uint32_t node = nodes_number(from, from->lines[at].places[i]);

			if (node)
				nodes_put(into, paths[node], node, from->lines[at].ends[i]);
		}
	}
}

/* Returns 0, or -1: there is no memory. */
static int
nodes_move(const struct table *from, const struct table *into)
{
	size_t size = tracer.nodes.count * sizeof(uint32_t);
	uint32_t *paths = hidden_map(size);

	if (!paths)
		return -1;
	nodes_list_paths(paths);
	nodes_put_all(from, into, paths);
	hidden_unmap(paths, size);
	return 0;
}

/* Without memory for it all stays as it was, and there may still be room. */
static void
nodes_grow(void)
{
	struct table *old = current, *table = old ? old + 1 : tables;
	size_t lines = old ? lines_after(old->count) : LINES_FIRST, size = lines * LINE_SIZE;

	if (table == tables + TABLES || lines > INT32_MAX / LINE_NODES)
		return;
	table->lines = hidden_map_huge(size);
	if (!table->lines)
		return;
	table->count = lines;
	table->bits = 32 - (uint32_t)__builtin_clz((uint32_t)(lines * LINE_NODES));
	if (old && nodes_move(old, table)) {
		hidden_unmap(table->lines, size);
		return;
	}
	__atomic_store_n(&current, table, __ATOMIC_RELEASE);
	if (old)
		madvise(old->lines, old->count * sizeof(old->lines[0]), MADV_DONTNEED);
}

static size_t
nodes_places(void)
{
	return current ? current->count * LINE_NODES : 0;
}

/* Some places stay free: they end the searches. The next node's number is how many there are, the
 * root with them: so it has room in a place. */
bool
nodes_reserve(void)
{
	if (tracer.nodes.count >= nodes_places() / 4 * 3)
		nodes_grow();
	return tracer.nodes.count < nodes_places() / 8 * 7;
}

void
nodes_add(uint32_t path, uint32_t node)
{
	nodes_put(current, path, node, 0);
}

void
nodes_set_end(uint32_t path, uint32_t node, uint32_t end)
{
	struct line *line;
	int at = nodes_seek(current, path, node, &line);

	if (line->places[at])
		__atomic_store_n(&line->ends[at], end, __ATOMIC_RELEASE);
}
