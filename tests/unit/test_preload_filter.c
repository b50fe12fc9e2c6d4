/*
 * What a seccomp filter would do to the library is read off the filter itself: one that kills for a
 * call of ours is told from one that refuses it, or that kills for other things.
 */
#include "preload/process/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define MACHINE BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch))
#define ARGUMENT(n) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW ANSWER(SECCOMP_RET_ALLOW)
#define KILL ANSWER(SECCOMP_RET_KILL_PROCESS)

#define HARMS(...)                                                                                 \
	({                                                                                         \
		struct sock_filter code_[] = { __VA_ARGS__ };                                      \
		struct sock_fprog filter_ = { sizeof(code_) / sizeof(*code_), code_ };             \
		filter_harms(&filter_);                                                            \
	})

#ifdef __x86_64__
#define HERE AUDIT_ARCH_X86_64
#else
#define HERE AUDIT_ARCH_AARCH64
#endif

static void
what_refuses_is_borne(void **unused)
{
	assert_false(HARMS(ALLOW));
	assert_false(HARMS(ANSWER(SECCOMP_RET_ERRNO | 1)));
	assert_false(HARMS(ANSWER(SECCOMP_RET_LOG)));
	assert_false(HARMS(NUMBER, IS(SYS_clone, 0, 1), ANSWER(SECCOMP_RET_ERRNO | 1), ALLOW));
}

static void
what_kills_traps_or_asks_harms(void **unused)
{
	assert_true(HARMS(KILL));
	assert_true(HARMS(ANSWER(SECCOMP_RET_KILL_THREAD)));
	assert_true(HARMS(ANSWER(SECCOMP_RET_TRAP)));
	assert_true(HARMS(ANSWER(SECCOMP_RET_TRACE)));
	assert_true(HARMS(ANSWER(SECCOMP_RET_USER_NOTIF)));
}

/* Lists of what is allowed, lists of what is not, and ranges, as libseccomp writes them. */
static void
the_number_decides(void **unused)
{
	assert_true(HARMS(NUMBER, IS(SYS_write, 0, 1), ALLOW, KILL));
	assert_false(HARMS(NUMBER, IS(SYS_ptrace, 0, 1), KILL, ALLOW));
	assert_true(HARMS(NUMBER, IS(SYS_membarrier, 0, 1), KILL, ALLOW));
	assert_true(HARMS(NUMBER, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_membarrier, 0, 1), KILL,
	                  ALLOW));
	assert_false(
	    HARMS(NUMBER, BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1000000, 0, 1), KILL, ALLOW));
	assert_false(HARMS(NUMBER, BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000, 0, 1), KILL,
	                   ALLOW));
}

/* A filter of several machines is read for this one. */
static void
another_machine_is_no_harm(void **unused)
{
	assert_false(HARMS(MACHINE, IS(HERE, 1, 0), KILL, ALLOW));
	assert_true(HARMS(MACHINE, IS(HERE, 0, 1), KILL, ALLOW));
	assert_false(HARMS(MACHINE, IS(HERE, 2, 0), BPF_STMT(BPF_JMP | BPF_JA, 0), KILL, ALLOW));
}

/* mmap is asked for pages that cannot be executed; of which size is never the same. */
static void
an_argument_decides_where_it_is_known(void **unused)
{
	assert_false(HARMS(NUMBER, IS(SYS_mmap, 0, 3), ARGUMENT(2),
	                   BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), KILL, ALLOW));
	assert_true(HARMS(NUMBER, IS(SYS_mmap, 0, 3), ARGUMENT(2),
	                  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 0, 1), KILL, ALLOW));
	assert_true(HARMS(NUMBER, IS(SYS_mmap, 0, 3), ARGUMENT(1), IS(4096, 1, 0), KILL, ALLOW));
	assert_false(HARMS(NUMBER, IS(SYS_mmap, 0, 4), ARGUMENT(2),
	                   BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_EXEC), IS(PROT_EXEC, 0, 1),
	                   KILL, ALLOW));
}

/* What comes from memory, from X or by arithmetic may be anything. */
static void
what_is_not_understood_harms(void **unused)
{
	assert_true(HARMS(NUMBER, BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0),
	                  IS(SYS_ptrace, 0, 1), KILL, ALLOW));
	assert_true(HARMS(NUMBER, BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 0), IS(SYS_ptrace, 0, 1),
	                  KILL, ALLOW));
	assert_true(HARMS(NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), KILL, ALLOW));
	assert_true(HARMS(ARGUMENT(5), BPF_STMT(BPF_RET | BPF_A, 0)));
	assert_false(HARMS(BPF_STMT(BPF_LD | BPF_W | BPF_IMM, SECCOMP_RET_ALLOW),
	                   BPF_STMT(BPF_RET | BPF_A, 0)));
}

/* The kernel takes none of these; nothing outside of them is read. */
static void
what_is_no_filter_harms_nobody(void **unused)
{
	struct sock_fprog nowhere = { 4, (struct sock_filter *)16 };
	struct sock_filter kill = KILL;
	struct sock_fprog empty = { 0, &kill }, too_long = { BPF_MAXINSNS + 1, &kill };

	assert_false(filter_harms(NULL));
	assert_false(filter_harms((const struct sock_fprog *)16));
	assert_false(filter_harms(&nowhere));
	assert_false(filter_harms(&empty));
	assert_false(filter_harms(&too_long));
	assert_false(HARMS(BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), KILL));
	assert_false(HARMS(NUMBER, IS(SYS_clone, 255, 255), KILL));
	assert_false(HARMS(NUMBER));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_refuses_is_borne),
		cmocka_unit_test(what_kills_traps_or_asks_harms),
		cmocka_unit_test(the_number_decides),
		cmocka_unit_test(another_machine_is_no_harm),
		cmocka_unit_test(an_argument_decides_where_it_is_known),
		cmocka_unit_test(what_is_not_understood_harms),
		cmocka_unit_test(what_is_no_filter_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
