/*
 * Reads a seccomp filter as the kernel would run it for each system call of ours. Its jumps go
 * forward only, so one pass over it is enough: each instruction has a state, what is known of the
 * accumulator when it is reached, and hands that on to those that may follow it.
 *
 *     load number  --> accumulator known  --> jump: one way
 *     load argument --> known or not      --> jump: both ways, what they agree on
 *     return        --> harmless: allow, log, errno; else harm
 *
 * Called by the guest's thread that puts the filter on, also in a forked child that has had no
 * event yet: there our locks are as the parent's threads had them, so none is taken. The rule that
 * must never break: what is not understood counts as harm, as a guest that is not recorded on is
 * better than one that is killed. A filter that cannot be read is tried out by inherited.c.
 */
#include "preload/process/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__x86_64__)
#define FILTER_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_MACHINE AUDIT_ARCH_AARCH64
#else
#define FILTER_MACHINE 0 /* a filter that asks for it kills what it does not know */
#endif

enum { ARGUMENT_NONE = -1 };

/* What events, snapshots and the end make, as strace shows it; an argument that tells a harmless
 * form from one that filters forbid, where there is one. */
static const struct asked {
	int number;
	int argument;
	uint64_t value;
} calls[] = {
	{ SYS_clone, 0, CLONE_UNTRACED },
	{ SYS_clone, 0, CLONE_VM | CLONE_VFORK | CLONE_UNTRACED },
	{ SYS_close, ARGUMENT_NONE, 0 },
	{ SYS_close_range, ARGUMENT_NONE, 0 },
	{ SYS_exit_group, ARGUMENT_NONE, 0 },
	{ SYS_fallocate, 1, 0 },
	{ SYS_fchmod, ARGUMENT_NONE, 0 },
	{ SYS_fcntl, ARGUMENT_NONE, 0 },
	{ SYS_futex, ARGUMENT_NONE, 0 },
	{ SYS_getcwd, ARGUMENT_NONE, 0 },
	{ SYS_getpid, ARGUMENT_NONE, 0 },
	{ SYS_getrusage, ARGUMENT_NONE, 0 },
	{ SYS_gettid, ARGUMENT_NONE, 0 },
	{ SYS_ioctl, ARGUMENT_NONE, 0 },
	{ SYS_madvise, ARGUMENT_NONE, 0 },
	{ SYS_membarrier, ARGUMENT_NONE, 0 },
	{ SYS_mincore, ARGUMENT_NONE, 0 },
	{ SYS_mmap, 2, PROT_READ | PROT_WRITE },
	{ SYS_mremap, ARGUMENT_NONE, 0 },
	{ SYS_munmap, ARGUMENT_NONE, 0 },
	{ SYS_nanosleep, ARGUMENT_NONE, 0 },
	{ SYS_clock_nanosleep, ARGUMENT_NONE, 0 },
	{ SYS_newfstatat, ARGUMENT_NONE, 0 },
	{ SYS_openat, ARGUMENT_NONE, 0 },
	{ SYS_ppoll, ARGUMENT_NONE, 0 },
	{ SYS_pread64, ARGUMENT_NONE, 0 },
	{ SYS_prlimit64, ARGUMENT_NONE, 0 },
	{ SYS_process_vm_readv, ARGUMENT_NONE, 0 },
	{ SYS_pwritev, ARGUMENT_NONE, 0 },
	{ SYS_read, ARGUMENT_NONE, 0 },
	{ SYS_rt_sigaction, ARGUMENT_NONE, 0 },
	{ SYS_rt_sigprocmask, ARGUMENT_NONE, 0 },
	{ SYS_sched_yield, ARGUMENT_NONE, 0 },
	{ SYS_wait4, ARGUMENT_NONE, 0 },
	{ SYS_write, ARGUMENT_NONE, 0 },
	{ SYS_writev, ARGUMENT_NONE, 0 },
#ifdef SYS_poll /* newer machines have neither */
	{ SYS_unlink, ARGUMENT_NONE, 0 },
	{ SYS_poll, ARGUMENT_NONE, 0 },
#endif
};

/* What the start makes besides; what the loader and libc ask for themselves is left out. */
static const long start_calls[] = {
	SYS_getppid,
	SYS_getrandom,
	SYS_memfd_create,
#ifdef SYS_readlink
	SYS_readlink,
#else
	SYS_readlinkat,
#endif
};

/* Before an instruction. */
struct state {
	bool is_reached, is_known;
	uint32_t accumulator;
};

static void
reach(struct state *at, bool is_known, uint32_t accumulator)
{
	if (!at->is_reached)
		*at = (struct state){ true, is_known, accumulator };
	else if (!is_known || accumulator != at->accumulator)
		at->is_known = false;
}

/* A word of struct seccomp_data; false: it changes from call to call. */
static bool
load(const struct asked *call, uint32_t offset, uint32_t *word)
{
	const uint32_t arguments = offsetof(struct seccomp_data, args);

	if (offset == offsetof(struct seccomp_data, nr))
		*word = (uint32_t)call->number;
	else if (offset == offsetof(struct seccomp_data, arch))
		*word = FILTER_MACHINE;
	else if (offset >= arguments && (int)((offset - arguments) / 8) == call->argument)
		memcpy(word, (const char *)&call->value + (offset - arguments) % 8 / 4 * 4, 4);
	else
		return false;
	return true;
}

/* What an instruction that neither jumps nor returns leaves in the accumulator. */
static struct state
step(const struct asked *call, const struct sock_filter *code, struct state now)
{
	switch (code->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		now.is_known = load(call, code->k, &now.accumulator);
		break;
	case BPF_LD | BPF_W | BPF_IMM:
		now.is_known = true;
		now.accumulator = code->k;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		now.accumulator &= code->k;
		break;
	case BPF_LDX | BPF_W | BPF_IMM:
	case BPF_LDX | BPF_W | BPF_MEM:
	case BPF_MISC | BPF_TAX:
	case BPF_ST:
	case BPF_STX:
		break;
	default:
		now.is_known = false;
	}
	return now;
}

static bool
holds(const struct sock_filter *code, uint32_t accumulator)
{
	switch (BPF_OP(code->code)) {
	case BPF_JEQ:
		return accumulator == code->k;
	case BPF_JGT:
		return accumulator > code->k;
	case BPF_JGE:
		return accumulator >= code->k;
	default: /* BPF_JSET */
		return accumulator & code->k;
	}
}

/* To where it may lead; beyond the end is nothing, as the kernel takes no such filter. */
static void
jump(const struct sock_fprog *filter, struct state *states, uint32_t at)
{
	const struct sock_filter *code = &filter->filter[at];
	struct state now = states[at];
	bool is_decided = now.is_known && BPF_SRC(code->code) == BPF_K;
	uint32_t ways[] = { at + 1 + code->jt, at + 1 + code->jf };

	if (BPF_OP(code->code) == BPF_JA) {
		if (code->k < filter->len - at - 1)
			reach(&states[at + 1 + code->k], now.is_known, now.accumulator);
		return;
	}
	for (int i = 0; i < 2; i++)
		if (ways[i] < filter->len && (!is_decided || holds(code, now.accumulator) == !i))
			reach(&states[ways[i]], now.is_known, now.accumulator);
}

static bool
returns_harmless(const struct sock_filter *code, struct state now)
{
	bool is_fixed = BPF_RVAL(code->code) == BPF_K;
	uint32_t action = (is_fixed ? code->k : now.accumulator) & SECCOMP_RET_ACTION_FULL;

	if (!is_fixed && !now.is_known)
		return false;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_ERRNO;
}

static bool
harms(const struct sock_fprog *filter, const struct asked *call, struct state *states)
{
	memset(states, 0, filter->len * sizeof(*states));
	reach(&states[0], true, 0);
	for (uint32_t at = 0; at < filter->len; at++) {
		const struct sock_filter *code = &filter->filter[at];
		struct state now = states[at];

		if (!now.is_reached)
			continue;
		if (BPF_CLASS(code->code) == BPF_JMP) {
			jump(filter, states, at);
		} else if (BPF_CLASS(code->code) != BPF_RET) {
			now = step(call, code, now);
			if (at + 1 < filter->len)
				reach(&states[at + 1], now.is_known, now.accumulator);
		} else if (!returns_harmless(code, now)) {
			return true;
		}
	}
	return false;
}

/* Through the kernel: the guest's pointers may lead nowhere. False: no filter comes of them. */
static bool
copy(void *into, const void *from, size_t size)
{
	struct iovec local = { into, size }, remote = { (void *)(uintptr_t)from, size };
	long copied = syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0);

	if (copied < 0 && errno != EFAULT) /* refused to us: then as the guest itself would */
		memcpy(into, from, size);
	return copied < 0 ? errno != EFAULT : (size_t)copied == size;
}

bool
filter_harms(const struct sock_fprog *filter)
{
	const size_t room = BPF_MAXINSNS * (sizeof(struct sock_filter) + sizeof(struct state));
	struct sock_fprog own;
	bool is_harm = false;
	uint8_t *scratch;

	if (!copy(&own, filter, sizeof(own)) || own.len == 0 || own.len > BPF_MAXINSNS)
		return false;
	scratch = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch == MAP_FAILED)
		return true;
	if (copy(scratch, own.filter, own.len * sizeof(*own.filter))) {
		own.filter = (struct sock_filter *)(void *)scratch;
		for (size_t i = 0; !is_harm && i < sizeof(calls) / sizeof(*calls); i++)
			is_harm = harms(&own, &calls[i],
			                (struct state *)(void *)(own.filter + BPF_MAXINSNS));
	}
	munmap(scratch, room);
	return is_harm;
}

/* With no descriptor, address or process in the first place and nothing in the others: it fails,
 * waits for nothing and changes nothing. */
static void
try_call(long number, const struct asked *call)
{
	long words[6] = { -1, number == SYS_ppoll ? -1 : 0 }; /* nothing to wait for is for ever */

	if (call && call->argument != ARGUMENT_NONE)
		words[call->argument] = (long)call->value;
	(void)syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

void
filter_try_calls(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number != SYS_clone && calls[i].number != SYS_exit_group)
			try_call(calls[i].number, &calls[i]);
	for (size_t i = 0; i < sizeof(start_calls) / sizeof(*start_calls); i++)
		try_call(start_calls[i], NULL);
}
