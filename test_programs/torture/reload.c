/*
 * Libraries that come to lie where another one lay, with other frames at the same addresses: what
 * was known of code there must be forgotten. Prints how often an address was used again.
 */
#include "test_programs/torture/torture.h"

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUNDS = 60,
	VARIANTS = 4,
	CALLS = 5,
};

typedef void plugin(void (*callback)(void));

static char folder[PATH_MAX];
static volatile int kept;

#if defined(__x86_64__)
/* Calls the plugin with on_call; no table describes it. There the library asks libunwind, which has
 * to forget as well. */
void call_bare(plugin *plugin_call, void (*callback)(void));
__asm__(".pushsection .text\n.type call_bare, @function\ncall_bare:\n"
        "	pushq %rbp\n	movq %rsp, %rbp\n	movq %rdi, %rax\n	movq %rsi, %rdi\n"
        "	callq *%rax\n	popq %rbp\n	ret\n"
        ".size call_bare, . - call_bare\n.popsection\n");
#else
static void
call_bare(plugin *plugin_call, void (*callback)(void))
{
	plugin_call(callback);
}
#endif

static void
on_signal(int number)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
}

TORTURE static void
on_call(void)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
	raise(SIGUSR1);
	kept++;
}

TORTURE static void
call(plugin *plugin_call, int depth)
{
	TORTURE_FRAME;
	if (depth > 0)
		call(plugin_call, depth - 1);
	plugin_call(on_call);
	kept++;
}

/* What lies beyond code without tables is anybody's guess. */
TORTURE static void
call_by_guess(plugin *plugin_call)
{
	struct torture_frame *path = torture_path;
	torture_path = NULL;
	call_bare(plugin_call, on_call);
	torture_path = path;
}

/* Returns where the function lay. */
TORTURE static void *
use(int variant)
{
	char path[PATH_MAX + 64];
	TORTURE_FRAME;
	snprintf(path, sizeof(path), "%s/../../torture/plugin%d.so", folder, variant);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	plugin *plugin_call = library ? (plugin *)dlsym(library, "plugin_call") : NULL;
	if (!plugin_call) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	for (int i = 0; i < CALLS; i++)
		call(plugin_call, i);
	call_by_guess(plugin_call);
	dlclose(library);
	torture_allocate();
	return (void *)plugin_call;
}

int
main(void)
{
	ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	void *before = NULL;
	int again = 0;
	if (length < 0 || signal(SIGUSR1, on_signal) == SIG_ERR)
		return 2;
	dirname(folder);
	for (int i = 0; i < ROUNDS; i++) {
		void *at = use((i * 7 + i / VARIANTS) % VARIANTS);
		again += at == before;
		before = at;
	}
	printf("the same address %s\n", again > ROUNDS / 2 ? "most times" : "seldom");
	return again > 0 ? torture_end() : 3;
}
