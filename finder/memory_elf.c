/*
 * ELF files; see memory_elf.h.
 */
#include "finder/memory_elf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#else
enum { OWN_MACHINE = EM_NONE };
#endif

enum {
	SEGMENTS_MAX = 1 << 20,
	PIECE = 1 << 30, /* the kernel reads no more than 2 GiB at once */
};

bool
memory_elf_has(const struct memory_elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->size && size <= elf->size - offset;
}

bool
memory_elf_read(const struct memory_elf *elf, uint64_t offset, void *into, uint64_t size)
{
	if (!memory_elf_has(elf, offset, size))
		return false;
	while (size > 0) {
		ssize_t got = pread(elf->fd, into, size < PIECE ? size : PIECE, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		into = (char *)into + got;
		offset += (uint64_t)got;
		size -= (uint64_t)got;
	}
	return true;
}

static const char *
check_header(const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return "it is no ELF file";
	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return "it is of a 32-bit program";
	if (header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != OWN_MACHINE)
		return "it is of another machine";
	return NULL;
}

/* Where there are more segments than the header's field holds, section 0 has their number. */
static bool
count_segments(const struct memory_elf *elf, uint64_t *count)
{
	Elf64_Shdr first;
	*count = elf->header.e_phnum;
	if (*count != PN_XNUM)
		return true;
	if (!memory_elf_read(elf, elf->header.e_shoff, &first, sizeof(first)))
		return false;
	*count = first.sh_info;
	return true;
}

static const char *
read_segments(struct memory_elf *elf)
{
	uint64_t count;
	if (elf->header.e_phentsize != sizeof(Elf64_Phdr) || !count_segments(elf, &count) ||
	    count > SEGMENTS_MAX ||
	    !memory_elf_has(elf, elf->header.e_phoff, count * sizeof(Elf64_Phdr)))
		return "its program headers are not all there: it is truncated or damaged";
	Elf64_Phdr *into = count ? array_add(&elf->segments, sizeof(*into), count) : NULL;
	if (count && !into)
		return "its program headers do not fit into memory";
	if (!memory_elf_read(elf, elf->header.e_phoff, into, count * sizeof(*into)))
		return "its program headers cannot be read";
	return NULL;
}

const char *
memory_elf_open(struct memory_elf *elf, const char *path)
{
	struct stat file;
	memset(elf, 0, sizeof(*elf));
	elf->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (elf->fd < 0 || fstat(elf->fd, &file) != 0)
		return "it cannot be opened";
	errno = 0;
	if (!S_ISREG(file.st_mode))
		return "it is no regular file";
	elf->size = (uint64_t)file.st_size;
	if (!memory_elf_read(elf, 0, &elf->header, sizeof(elf->header)))
		return "it is too short for an ELF file";
	const char *reason = check_header(&elf->header);
	return reason ? reason : read_segments(elf);
}

void
memory_elf_close(struct memory_elf *elf)
{
	array_release(&elf->segments);
	if (elf->fd >= 0)
		close(elf->fd);
	elf->fd = -1;
}
