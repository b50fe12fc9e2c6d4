/*
 * The guest's modules. Called by intern.c and role.c for every return address that is seen for the
 * first time, by snapshot.c before each snapshot.
 *
 *     pc --_dl_find_object--> link map --> known[i] == trace module i --> symbols of its file
 *
 * The loader's locks must never be taken: the thread that holds them may be waiting for one of ours
 * (dlopen allocates). _dl_find_object takes none, and what it cannot tell comes from
 * /proc/self/maps. Everything in here changes under intern's lock only; symbols stay for ever,
 * since their names were handed out.
 */
#include "preload/stacks/module.h"

#include "preload/process/tracer.h"
#include "preload/snapshot/mapping.h"
#include "preload/snapshot/trigger.h"
#include "preload/stacks/awake.h"
#include "preload/stacks/intern.h"
#include "preload/stacks/loaded.h"
#include "preload/stacks/symbols.h"
#include "preload/thread.h"
#include "preload/unwind/object.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	MODULES_MAX = 4096,
	STRANGERS_MAX = 16,
};

/* Number i is module i of the trace. */
static struct known {
	const struct link_map *map; /* NULL: closed */
	uint64_t start, end, bias;
	uint64_t file; /* where its ELF header lies; 0: nowhere */
	uint64_t device, inode;
	bool has_read_symbols;
	bool is_runtime; /* awake_by_symbols said so */
	struct symbols symbols;
} known[MODULES_MAX];
static uint32_t known_count;

/* Where objects of the loader without a file begin: the vdso. Remembered, so that they are not
 * sought again. By address, since of one object in several pieces some may be known. */
static const void *strangers[STRANGERS_MAX];
static uint32_t stranger_count;

/* What module_scan found to be new. */
static struct {
	struct dl_find_object at[STRANGERS_MAX];
	uint32_t count;
} fresh;

static struct mapping_reader reader;

static struct trace_module *
record_of(uint32_t module)
{
	return trace_table_at(&tracer.modules, module);
}

/* ---- symbols */

/* The same file loaded before, at another address or before a dlclose: its symbols serve again. */
static const struct known *
find_twin(const struct known *module)
{
	for (uint32_t i = 0; i < known_count; i++)
		if (&known[i] != module && known[i].has_read_symbols &&
		    known[i].inode == module->inode && known[i].device == module->device &&
		    memcmp(record_of(i)->build_id, record_of((uint32_t)(module - known))->build_id,
		           SYMBOLS_BUILD_ID_MAX) == 0)
			return &known[i];
	return NULL;
}

/* Whether fd is the file that was mapped: by identity, or (overlay file systems lie about it) by
 * build id. */
static bool
is_same_file(int fd, const struct known *module)
{
	const struct trace_module *record = record_of((uint32_t)(module - known));
	uint8_t id[SYMBOLS_BUILD_ID_MAX];
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	if (status.st_dev == module->device && status.st_ino == module->inode)
		return true;
	return record->build_id_size > 0 &&
	       symbols_build_id(fd, 0, id) == record->build_id_size &&
	       memcmp(id, record->build_id, record->build_id_size) == 0;
}

static void
read_symbols(struct known *module)
{
	const struct known *twin;
	int fd;

	if (module->has_read_symbols)
		return;
	module->has_read_symbols = true;
	twin = find_twin(module);
	if (twin) {
		module->symbols = twin->symbols;
		return;
	}
	fd = open(record_of((uint32_t)(module - known))->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (is_same_file(fd, module))
		symbols_read(&module->symbols, fd);
	close(fd);
}

const char *
module_symbol(uint32_t module, uint64_t pc)
{
	if (module >= known_count)
		return NULL;
	read_symbols(&known[module]);
	return symbols_find(&known[module].symbols, pc - known[module].bias);
}

/* ---- registering */

static uint32_t
find_known(const struct link_map *map, uint64_t start)
{
	for (uint32_t i = known_count; i-- > 0;)
		if (known[i].map == map && known[i].start == start)
			return i;
	return TRACE_NONE;
}

static uint32_t
next_generation(uint64_t start, uint64_t end)
{
	uint32_t generation = 0;

	for (uint32_t i = 0; i < known_count; i++)
		if (known[i].start < end && start < known[i].end &&
		    record_of(i)->generation >= generation)
			generation = record_of(i)->generation + 1;
	return generation;
}

static size_t
build_id_of(const struct known *module, uint8_t id[SYMBOLS_BUILD_ID_MAX])
{
	return module->file ? symbols_build_id(-1, module->file, id) : 0;
}

static void
fill_record(struct trace_module *record, const struct known *module, const char *path)
{
	record->start = module->start;
	record->end = module->end;
	record->bias = module->bias;
	record->generation = next_generation(module->start, module->end);
	record->build_id_size = (uint32_t)build_id_of(module, record->build_id);
	strncpy(record->path, path, sizeof(record->path) - 1);
}

/* The symbols of our library are none of the guest's; it has a name, the guest's program has
 * none. */
static bool
is_own(const struct known *module)
{
	return (uintptr_t)is_own >= module->start && (uintptr_t)is_own < module->end &&
	       module->map->l_name[0];
}

/* A closed module that came back as it was keeps its number. */
static bool
reopen(const struct known *module, const char *path)
{
	uint8_t id[SYMBOLS_BUILD_ID_MAX] = { 0 };
	size_t size = 0;

	for (uint32_t i = 0; i < known_count; i++) {
		if (known[i].map || known[i].start != module->start ||
		    known[i].end != module->end || known[i].bias != module->bias)
			continue;
		if (!size)
			size = build_id_of(module, id);
		if (size > 0 && record_of(i)->build_id_size == size &&
		    memcmp(record_of(i)->build_id, id, size) == 0 &&
		    strcmp(record_of(i)->path, path) == 0 &&
		    record_of(i)->generation + 1 == next_generation(module->start, module->end)) {
			known[i].map = module->map;
			return true;
		}
	}
	return false;
}

static void
add_module(const struct known *module, const char *path)
{
	struct trace_module *record;
	uint32_t index;

	if (known_count == MODULES_MAX || reopen(module, path))
		return;
	record = trace_table_next(&tracer.writer, &tracer.modules);
	if (!record)
		return;
	fill_record(record, module, path);
	index = trace_table_publish(&tracer.writer, &tracer.modules);
	if (index != known_count)
		return; /* another table than ours: cannot happen while we alone append */
	known[index] = *module;
	__atomic_store_n(&known_count, index + 1, __ATOMIC_RELEASE);
	if (awake_by_path(record->path) && !is_own(module)) {
		read_symbols(&known[index]);
		known[index].is_runtime = awake_by_symbols(&known[index].symbols);
		if (known[index].is_runtime)
			trigger_runtime(known[index].file, tracer_now(true));
	}
}

static bool
is_known(const struct dl_find_object *object)
{
	return find_known(object->dlfo_link_map, (uintptr_t)object->dlfo_map_start) != TRACE_NONE;
}

/* Registers this piece of an object, which the mapping is of, if it is new. */
static void
add_piece(const struct dl_find_object *object, const struct mapping *mapping)
{
	struct known module = { 0 };

	if (is_known(object))
		return;
	module.map = object->dlfo_link_map;
	module.start = (uintptr_t)object->dlfo_map_start;
	module.end = (uintptr_t)object->dlfo_map_end;
	module.bias = object->dlfo_link_map->l_addr;
	module.file = (uintptr_t)object_start(object);
	module.device = makedev(mapping->device_major, mapping->device_minor);
	module.inode = mapping->inode;
	add_module(&module, mapping->path);
}

/* The piece that holds an object's data may have no code in it. */
static void
consider(const struct mapping *mapping)
{
	struct dl_find_object object;

	if (mapping->path[0] != '/')
		return;
	if (mapping->is_executable && !_dl_find_object((void *)(uintptr_t)mapping->start, &object))
		add_piece(&object, mapping);
	for (uint32_t i = 0; i < fresh.count; i++)
		if ((uintptr_t)fresh.at[i].dlfo_map_start - mapping->start <
		    mapping->end - mapping->start)
			add_piece(&fresh.at[i], mapping);
}

static void
scan(void)
{
	struct mapping mapping;

	if (mapping_open(&reader, "/proc/self/maps") < 0)
		return;
	while (mapping_next(&reader, &mapping))
		consider(&mapping);
	mapping_close(&reader);
}

static bool
is_stranger(const struct dl_find_object *object)
{
	for (uint32_t i = 0; i < stranger_count; i++)
		if (strangers[i] == object->dlfo_map_start)
			return true;
	return false;
}

static void
keep_stranger(const struct dl_find_object *object)
{
	if (!is_known(object) && stranger_count < STRANGERS_MAX)
		strangers[stranger_count++] = object->dlfo_map_start;
}

/* Notes the object that has its dynamic section here, if it is new. False: no telling. */
static bool
note_if_new(uint64_t dynamic)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)(uintptr_t)dynamic, &object) != 0)
		return false;
	if (is_known(&object) || is_stranger(&object))
		return true;
	if (fresh.count == STRANGERS_MAX)
		return false;
	fresh.at[fresh.count++] = object;
	return true;
}

/* Reading /proc/self/maps takes longer than many a fork, so it is read only where the loader lists
 * something that is not known. What then is not among the mappings either is a stranger. */
void
module_scan(void)
{
	intern_lock();
	fresh.count = 0;
	if (!loaded_all(note_if_new) || fresh.count > 0)
		scan();
	for (uint32_t i = 0; i < fresh.count; i++)
		keep_stranger(&fresh.at[i]);
	fresh.count = 0;
	intern_unlock();
}

uint32_t
module_of(uint64_t pc)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)(uintptr_t)pc, &object) != 0 || is_stranger(&object))
		return TRACE_NONE;
	if (!is_known(&object)) {
		scan();
		keep_stranger(&object);
	}
	return find_known(object.dlfo_link_map, (uintptr_t)object.dlfo_map_start);
}

uint32_t
module_of_data(uint64_t address)
{
	uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);

	for (uint32_t i = count; i-- > 0;)
		if (known[i].map && address >= known[i].start && address < known[i].end)
			return i;
	return TRACE_NONE;
}

uint32_t
module_next_runtime(uint32_t from, uint64_t *file)
{
	uint32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);

	for (uint32_t i = from; i < count; i++)
		if (known[i].map && known[i].is_runtime && known[i].file) {
			*file = known[i].file;
			return i;
		}
	return TRACE_NONE;
}

/* ---- closing */

bool
module_close_gone(void)
{
	struct dl_find_object object;
	bool is_any = false;

	intern_lock();
	for (uint32_t i = 0; i < known_count; i++) {
		if (known[i].map &&
		    (_dl_find_object((void *)(uintptr_t)known[i].start, &object) != 0 ||
		     object.dlfo_link_map != known[i].map)) {
			known[i].map = NULL;
			is_any = true;
		}
	}
	stranger_count = 0;
	intern_unlock();
	return is_any;
}
