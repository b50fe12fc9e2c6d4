/*
 * Opening libunwind so that it does the guest no harm. RTLD_LOCAL: libunwind.so.8 exports _Unwind_*
 * and must not take over the guest's exceptions. Three things it does on its own are replaced, by
 * entries in its own import table:
 *
 *     pipe2, read, syscall It proves that memory is readable by writing a byte of it into a pipe,
 *                          whose numbers it keeps. A guest that puts a file of its own at such a
 *                          number (dup2, as shells do) would find that byte in its file.
 *     dl_iterate_phdr      takes the loader's lock under libunwind's own: deadlock with a thread in
 *                          dlopen that allocates. _dl_find_object needs no lock.
 *
 * Called by stack.c at start. Rule: where the replacement does not prove itself at once, libunwind
 * is not used at all.
 */
#include "preload/unwind/unwinder.h"

#include "preload/unwind/object.h"
#include "preload/unwind/stack.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libunwind's names carry the machine's. They are spelled here, since the packages of its headers
 * and of LLVM's libunwind (which libc++ asks for) exclude each other. */
#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "?"
#endif

enum { NO_PIPE = -1, PROOF_FRAMES = 64 };

int (*unwinder_backtrace)(void **addresses, int room);
int (*unwinder_walk)(void **addresses, int room);
uint64_t unwinder_own_start, unwinder_own_size;

static int
import_pipe2(int *into, int flags)
{
	into[0] = into[1] = NO_PIPE;
	return 0;
}

static ssize_t
import_read(int fd, void *into, size_t size)
{
	if (fd != NO_PIPE)
		return read(fd, into, size);
	errno = EAGAIN; /* an empty pipe */
	return -1;
}

/* Whether memory is readable, asked without a descriptor: the kernel copies the set of signals
 * before it finds that 'how' is none it knows, and changes nothing. */
bool
unwinder_is_readable(uint64_t address)
{
	const int no_such_how = -1;
	uint64_t word = address & ~UINT64_C(7);

	return !syscall(SYS_rt_sigprocmask, no_such_how, word, NULL, 8) || errno != EFAULT;
}

/* libunwind writes to its pipe past write(). */
static long
import_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (number != SYS_write || (int)a != NO_PIPE)
		return syscall(number, a, b, c, d, e, f);
	return unwinder_is_readable((uint64_t)b) ? c : -1;
}

/* The one object that holds the address which libunwind is looking for: its search data begin with
 * that address. */
static int
import_dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *data)
{
	struct dl_phdr_info info = { 0 };
	struct dl_find_object found;
	size_t count;
	void *pc;

	memcpy(&pc, data, sizeof(pc));
	if (_dl_find_object(pc, &found))
		return 0;
	info.dlpi_phdr = object_headers(&found, &count);
	if (!info.dlpi_phdr)
		return 0;
	info.dlpi_addr = found.dlfo_link_map->l_addr;
	info.dlpi_name = found.dlfo_link_map->l_name;
	info.dlpi_phnum = (ElfW(Half))count;
	info.dlpi_adds = 1;
	return visit(&info, sizeof(info), data);
}

static const struct import {
	const char *name;
	void *replacement;
} imports[] = {
	{ "pipe2", (void *)import_pipe2 },
	{ "read", (void *)import_read },
	{ "syscall", (void *)import_syscall },
	{ "dl_iterate_phdr", (void *)import_dl_iterate_phdr },
};

struct import_table {
	const ElfW(Rela) *relocations;
	size_t count;
	const ElfW(Sym) *symbols;
	const char *names;
	uint64_t bias;
};

static void
unwinder_find_imports(const struct link_map *map, struct import_table *table)
{
	*table = (struct import_table){ .bias = map->l_addr };
	for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_JMPREL)
			table->relocations = (const void *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_PLTRELSZ)
			table->count = entry->d_un.d_val / sizeof(table->relocations[0]);
		else if (entry->d_tag == DT_SYMTAB)
			table->symbols = (const void *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_STRTAB)
			table->names = (const void *)entry->d_un.d_ptr;
	}
}

/* The page is made writable for good: libunwind's is so anyway unless it was linked with -z now. */
static int
unwinder_replace_slot(void **slot, void *replacement)
{
	uintptr_t page = (uintptr_t)slot & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	size_t size = (uintptr_t)(slot + 1) - page;

	if (mprotect((void *)page, size, PROT_READ | PROT_WRITE))
		return -1;
	__atomic_store_n(slot, replacement, __ATOMIC_RELEASE);
	return 0;
}

/* Returns how many of `imports` were found and replaced. */
static size_t
unwinder_replace_imports(const struct link_map *map)
{
	struct import_table table;
	size_t replaced = 0;

	unwinder_find_imports(map, &table);
	for (size_t i = 0; i < table.count; i++) {
		const ElfW(Rela) *relocation = &table.relocations[i];
		const ElfW(Sym) *symbol = &table.symbols[ELF64_R_SYM(relocation->r_info)];
		void **slot = (void **)(table.bias + relocation->r_offset);

		for (size_t k = 0; k < sizeof(imports) / sizeof(imports[0]); k++) {
			if (!strcmp(table.names + symbol->st_name, imports[k].name) &&
			    !unwinder_replace_slot(slot, imports[k].replacement))
				replaced++;
		}
	}
	return replaced;
}

/* The stack of a constructor leads out of this library into the loader. The slower way tells it as
 * well: unw_backtrace fills a table of 256 KB at its first call, which most guests never need. */
static bool
unwinder_proves_itself(void)
{
	int (*walk)(void **, int) = unwinder_walk ? unwinder_walk : unwinder_backtrace;
	void *addresses[PROOF_FRAMES];
	int count = walk(addresses, PROOF_FRAMES);
	int outside = 0;

	for (int i = 0; i < count; i++)
		outside += !unwinder_is_own((uintptr_t)addresses[i]);
	return outside >= 1;
}

#if defined(__x86_64__)
enum { REGISTER_IP = 16, CONTEXT_WORDS = 128, CURSOR_WORDS = 128 }; /* a ucontext_t, an
                                                                     * unw_cursor_t */

static struct {
	int (*get_context)(uint64_t *context);
	int (*init)(uint64_t *cursor, uint64_t *context);
	int (*step)(uint64_t *cursor);
	int (*get_register)(uint64_t *cursor, int which, uint64_t *into);
} cursor_calls;

static int
unwinder_walk_cursor(void **addresses, int room)
{
	uint64_t context[CONTEXT_WORDS], cursor[CURSOR_WORDS], ip;
	int count = 0;

	if (cursor_calls.get_context(context) || cursor_calls.init(cursor, context))
		return 0;
	while (count < room && cursor_calls.step(cursor) > 0 &&
	       !cursor_calls.get_register(cursor, REGISTER_IP, &ip))
		addresses[count++] = (void *)ip;
	return count;
}

static void
unwinder_find_walk(void *handle)
{
	*(void **)&cursor_calls.get_context = dlsym(handle, "_Ux86_64_getcontext");
	*(void **)&cursor_calls.init = dlsym(handle, "_ULx86_64_init_local");
	*(void **)&cursor_calls.step = dlsym(handle, "_ULx86_64_step");
	*(void **)&cursor_calls.get_register = dlsym(handle, "_ULx86_64_get_reg");
	if (cursor_calls.get_context && cursor_calls.init && cursor_calls.step &&
	    cursor_calls.get_register)
		unwinder_walk = unwinder_walk_cursor;
}
#else
static void
unwinder_find_walk(void *handle)
{
	unwinder_walk = unwinder_backtrace;
}
#endif

void
unwinder_forget(void)
{
	if (unwinder_walk)
		__atomic_store_n(&unwinder_backtrace, unwinder_walk, __ATOMIC_RELEASE);
}

/* A cache per thread, or none: the common one's lock could be held by another thread at a fork. */
static void
unwinder_set_cache(void *handle)
{
	const int cache_none = 0; /* UNW_CACHE_NONE */
	int (*set_policy)(void *space, int policy);
	void **local;

	set_policy = (int (*)(void *, int))dlsym(handle, "_UL" MACHINE "_set_caching_policy");
	local = dlsym(handle, "_UL" MACHINE "_local_addr_space");
	if (set_policy && local)
		set_policy(*local, cache_none);
}

const char *
unwinder_open(void)
{
	void *handle = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	struct link_map *map;

	object_find((const void *)unwinder_open, &unwinder_own_start, &unwinder_own_size);
	if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map))
		return dlerror();
	unwinder_backtrace = (int (*)(void **, int))dlsym(handle, "unw_backtrace");
	if (!unwinder_backtrace)
		return dlerror();
	if (unwinder_replace_imports(map) == sizeof(imports) / sizeof(imports[0])) {
		unwinder_set_cache(handle);
		unwinder_find_walk(handle);
		if (unwinder_proves_itself())
			return NULL;
	}
	unwinder_backtrace = unwinder_walk = NULL;
	return "it is not built as expected";
}
