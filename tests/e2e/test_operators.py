"""C++ operators new and delete in all their forms: each allocation is recorded once, each deletion
takes its block away.
"""
import os
import subprocess

import harness
from harness import environment, equal, report, run, test

# A block by each form of delete; sizes tell them apart.
SOURCE = r"""
#include <cstring>
#include <new>
constexpr std::align_val_t wide{64};
int main(int count, char **) {
	const bool gives = count > 1;
	void *made[12] = {
		::operator new(1001), ::operator new[](1002), ::operator new(1003), ::operator new[](1004),
		::operator new(1005, std::nothrow), ::operator new[](1006, std::nothrow),
		::operator new(1007, wide), ::operator new[](1008, wide),
		::operator new(1009, wide), ::operator new[](1010, wide),
		::operator new(1011, wide, std::nothrow), ::operator new[](1012, wide, std::nothrow),
	};
	for (int i = 0; i < 12; i++) memset(made[i], 1, 1001 + i);
	if (!gives) return 0;
	::operator delete(made[0]); ::operator delete[](made[1]);
	::operator delete(made[2], 1003ul); ::operator delete[](made[3], 1004ul);
	::operator delete(made[4], std::nothrow); ::operator delete[](made[5], std::nothrow);
	::operator delete(made[6], wide); ::operator delete[](made[7], wide);
	::operator delete(made[8], 1009ul, wide); ::operator delete[](made[9], 1010ul, wide);
	::operator delete(made[10], wide, std::nothrow); ::operator delete[](made[11], wide, std::nothrow);
	return 0;
}
"""
SIZES = list(range(1001, 1013))
# libstdc++ asks aligned_alloc for a multiple of the alignment.
ROUNDED = SIZES[:6] + [1024] * 6


def left(name, allocator, *arguments):
    """(blocks, bytes) that live at the end."""
    trace = f"{name}.mtr"
    env = environment(MAPTRACE_OUT=os.path.abspath(trace), MAPTRACE_KEEP=1)
    env["LD_PRELOAD"] = " ".join([harness.LIBRARY, *allocator])
    done = run(["./forms", *arguments], env=env)
    equal((done.returncode, done.stderr), (0, ""), name)
    data = report(trace)
    equal(data["unrecorded"], 0)
    roles = data["now"]["roles"].values()
    return sum(role["blocks"] for role in roles), sum(role["bytes"] for role in roles)


def each_form(sizes, *allocator):
    with open("forms.cc", "w", encoding="utf-8") as out:
        out.write(SOURCE)
    subprocess.run(["g++", "-std=c++17", "-O0", "-o", "forms", "forms.cc"], check=True)
    kept, given = left("kept", allocator), left("given", allocator, "give")
    equal((kept[0] - given[0], kept[1] - given[1]), (len(sizes), sum(sizes)), (kept, given))


@test
def on_libc():
    """each form of new is recorded once, and each form of delete takes its block away"""
    each_form(ROUNDED)


@test
def on_their_own_allocator():
    """the same where the allocator defines the operators itself"""
    each_form(SIZES, "libjemalloc.so.2")


harness.main()
