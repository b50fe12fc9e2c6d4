/*
 * Notes of a core file; see memory_notes.h.
 *
 *     | name size | size | type | name, padded to 4 | bytes, padded to 4 |  ...
 */
#include "finder/memory_notes.h"

#include "finder/memory_core.h"

#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

enum { NOTES_MAX = 64 << 20, THREADS_MAX = 1 << 20 };

static bool
add_thread(struct memory_notes *notes, const unsigned char *bytes, uint64_t size)
{
#if defined(__x86_64__)
	struct elf_prstatus status;
	struct user_regs_struct user;
	if (size < sizeof(status) || notes->threads.count >= THREADS_MAX)
		return true;
	struct memory_core_thread *thread = array_add(&notes->threads, sizeof(*thread), 1);
	if (!thread)
		return false;
	memcpy(&status, bytes, sizeof(status));
	_Static_assert(sizeof(user) == sizeof(status.pr_reg), "the same registers");
	memcpy(&user, &status.pr_reg, sizeof(user));
	*thread = (struct memory_core_thread){
		.id = status.pr_pid, .pc = user.rip, .sp = user.rsp, .frame = user.rbp,
	};
	memcpy(thread->registers, &user, sizeof(thread->registers));
#endif
	return true;
}

static void
read_auxiliary(struct memory_notes *notes, const unsigned char *bytes, uint64_t size)
{
	Elf64_auxv_t entry;
	for (; size >= sizeof(entry); bytes += sizeof(entry), size -= sizeof(entry)) {
		memcpy(&entry, bytes, sizeof(entry));
		if (entry.a_type == AT_PHDR)
			notes->program_headers = entry.a_un.a_val;
		if (entry.a_type == AT_ENTRY)
			notes->entry = entry.a_un.a_val;
	}
}

static uint64_t
padded(uint64_t size)
{
	return (size + 3) & ~(uint64_t)3;
}

static const char *
read_all(struct memory_notes *notes, const unsigned char *at, uint64_t size)
{
	Elf64_Nhdr note;
	while (size >= sizeof(note)) {
		memcpy(&note, at, sizeof(note));
		uint64_t front = sizeof(note) + padded(note.n_namesz);
		uint64_t whole = front + padded(note.n_descsz);
		if (front > size || note.n_descsz > size - front)
			return "its notes are damaged";
		if (note.n_type == NT_PRSTATUS && !add_thread(notes, at + front, note.n_descsz))
			return "its threads do not fit into memory";
		if (note.n_type == NT_AUXV)
			read_auxiliary(notes, at + front, note.n_descsz);
		whole = whole < size ? whole : size;
		at += whole;
		size -= whole;
	}
	return NULL;
}

const char *
memory_notes_read(struct memory_notes *notes, const struct memory_elf *core)
{
	const Elf64_Phdr *segment = core->segments.at;
	const char *reason = NULL;
	memset(notes, 0, sizeof(*notes));
	for (size_t i = 0; i < core->segments.count && !reason; i++) {
		if (segment[i].p_type != PT_NOTE)
			continue;
		if (segment[i].p_filesz > NOTES_MAX)
			return "its notes are larger than any process's";
		unsigned char *bytes = array_map(segment[i].p_filesz + 1);
		if (!bytes)
			return "its notes do not fit into memory";
		reason = memory_elf_read(core, segment[i].p_offset, bytes, segment[i].p_filesz)
		             ? read_all(notes, bytes, segment[i].p_filesz)
		             : "its notes are not all there: it is truncated";
		array_unmap(bytes);
	}
	return reason;
}
