/*
 * Every form of operator new and delete, as often as told. A form's pairs come to the allocator's
 * hooks once, twice or three times, by the C++ runtime or the allocator that stands behind it; they
 * are one allocation and one free each.
 *
 *     operators N     N pairs of each form, and one block in ten stays
 *
 * Prints how many blocks it made, how many stay, and how many bytes these are.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

enum { FORMS = 8, STAYS = 10, ALIGNMENT = 64 };

constexpr std::align_val_t aligned{ALIGNMENT};

void *
make(unsigned form, size_t size)
{
	switch (form) {
	case 0: return ::operator new(size);
	case 1: return ::operator new[](size);
	case 2: return ::operator new(size, std::nothrow);
	case 3: return ::operator new[](size, std::nothrow);
	case 4: return ::operator new(size, aligned);
	case 5: return ::operator new[](size, aligned);
	case 6: return ::operator new(size, aligned, std::nothrow);
	default: return ::operator new[](size, aligned, std::nothrow);
	}
}

/* By the forms that know the size and those that do not, in turn. */
void
unmake(unsigned form, void *block, size_t size, bool is_sized)
{
	switch (form * 2 + is_sized) {
	case 0: ::operator delete(block); break;
	case 1: ::operator delete(block, size); break;
	case 2: ::operator delete[](block); break;
	case 3: ::operator delete[](block, size); break;
	case 4: case 5: ::operator delete(block, std::nothrow); break;
	case 6: case 7: ::operator delete[](block, std::nothrow); break;
	case 8: ::operator delete(block, aligned); break;
	case 9: ::operator delete(block, size, aligned); break;
	case 10: ::operator delete[](block, aligned); break;
	case 11: ::operator delete[](block, size, aligned); break;
	case 12: case 13: ::operator delete(block, aligned, std::nothrow); break;
	default: ::operator delete[](block, aligned, std::nothrow); break;
	}
}

} // namespace

int
main(int argc, char **argv)
{
	unsigned long pairs = argc > 1 ? strtoul(argv[1], nullptr, 10) : 1000;
	unsigned long made = 0, stay = 0, bytes = 0;

	for (unsigned long i = 0; i < pairs; i++) {
		for (unsigned form = 0; form < FORMS; form++) {
			size_t size = ALIGNMENT * (1 + i % 7); /* aligned forms need no other */
			void *block = make(form, size);

			if (!block)
				return 1;
			*static_cast<volatile char *>(block) = 1;
			made++;
			if (i % STAYS == 0) {
				stay++;
				bytes += size;
			} else {
				unmake(form, block, size, i % 2);
			}
		}
	}
	printf("%lu %lu %lu\n", made, stay, bytes);
	return 0;
}
