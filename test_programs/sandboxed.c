/*
 * A sandbox: puts a seccomp filter on itself, then executes a program under the library, which
 * finds the filter in force.
 *
 *     sandboxed none|few|kill|trap|refuse|quota|others LIBRARY PROGRAM ARGUMENT...
 *
 *     none     no filter
 *     few      what a small program of libc asks for, and the library so as to find out about the
 *              filter: whoever asks for more is killed
 *     kill     whoever asks for another's memory is killed; also as a signal that could be handled
 *     trap
 *     refuse   the same calls fail
 *     quota    room in a file is refused, as where a quota is used up
 *     others   whoever asks for what only administrators do is killed
 *
 * LIBRARY goes into LD_PRELOAD; "" for none.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LISTED_MAX = 32 };

static const unsigned few[] = { SYS_execve, SYS_brk, SYS_access, SYS_arch_prctl, SYS_openat,
	SYS_newfstatat, SYS_fstat, SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_close,
	SYS_read, SYS_pread64, SYS_write, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq,
	SYS_prlimit64, SYS_getrandom, SYS_exit_group, SYS_gettid, SYS_rt_sigprocmask, SYS_clone,
	SYS_wait4, SYS_futex, SYS_lseek };
static const unsigned spying[] = { SYS_process_vm_readv, SYS_process_vm_writev, SYS_mincore,
	SYS_ptrace };
static const unsigned room[] = { SYS_fallocate };
static const unsigned others[] = { SYS_reboot, SYS_mount, SYS_umount2, SYS_init_module,
	SYS_settimeofday, SYS_swapon };

#define LIST(calls) calls, sizeof(calls) / sizeof(*(calls))

static const struct sandbox {
	const char *name;
	const unsigned *listed;
	size_t count;
	unsigned listed_action, action;
} sandboxes[] = {
	{ "few", LIST(few), SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS },
	{ "kill", LIST(spying), SECCOMP_RET_KILL_THREAD, SECCOMP_RET_ALLOW },
	{ "trap", LIST(spying), SECCOMP_RET_TRAP, SECCOMP_RET_ALLOW },
	{ "refuse", LIST(spying), SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW },
	{ "quota", LIST(room), SECCOMP_RET_ERRNO | EDQUOT, SECCOMP_RET_ALLOW },
	{ "others", LIST(others), SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW },
};

static int
lock_in(const struct sandbox *sandbox)
{
	struct sock_filter code[LISTED_MAX + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog filter = { (unsigned short)(sandbox->count + 3), code };
	struct sock_filter *end = &code[sandbox->count + 1];

	for (size_t i = 0; i < sandbox->count; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, sandbox->listed[i],
		    (unsigned char)(sandbox->count - i), 0);
	end[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, sandbox->action);
	end[1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, sandbox->listed_action);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int
main(int count, char **arguments)
{
	if (count < 4)
		return 2;
	if (arguments[2][0])
		setenv("LD_PRELOAD", arguments[2], 1);
	for (size_t i = 0; i < sizeof(sandboxes) / sizeof(*sandboxes); i++) {
		if (strcmp(arguments[1], sandboxes[i].name) == 0 && lock_in(&sandboxes[i])) {
			perror("a filter");
			return 2;
		}
	}
	execv(arguments[3], arguments + 3);
	perror(arguments[3]);
	return 2;
}
