/*
 * A sandbox: puts a seccomp filter on itself, then executes a program under the library, which
 * finds the filter in force.
 *
 *     sandboxed none|few|kill|trap|refuse|quota|others|old LIBRARY PROGRAM ARGUMENT...
 *
 *     none     no filter
 *     few      what a small program of libc asks for, and the library so as to find out about the
 *              filter: whoever asks for more is killed
 *     kill     whoever asks for another's memory is killed; also as a signal that could be handled
 *     trap
 *     refuse   the same calls fail
 *     quota    room in a file is refused, as where a quota is used up
 *     others   whoever asks for what only administrators do is killed
 *     old      what kernels have got since 4.2 is refused as such a kernel would
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LISTED_MAX = 32 };
#define PAGEMAP_SCAN 0xc0606610u /* of <linux/fs.h> since 6.7 */

static const unsigned few[] = { SYS_execve, SYS_brk, SYS_access, SYS_arch_prctl, SYS_openat,
	SYS_newfstatat, SYS_fstat, SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_close,
	SYS_read, SYS_pread64, SYS_write, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq,
	SYS_prlimit64, SYS_getrandom, SYS_exit_group, SYS_gettid, SYS_rt_sigprocmask, SYS_clone,
	SYS_wait4, SYS_futex, SYS_lseek };
static const unsigned spying[] = { SYS_process_vm_readv, SYS_process_vm_writev, SYS_mincore,
	SYS_ptrace };
static const unsigned room[] = { SYS_fallocate };
static const unsigned recent[] = { SYS_close_range, SYS_membarrier, SYS_clone3 };
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
	{ "old", LIST(recent), SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ALLOW },
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

/* Recent forms of older calls, by one argument. */
static const struct form {
	unsigned call, argument, value, error;
} forms[] = {
	{ SYS_madvise, 2, MADV_WIPEONFORK, EINVAL },
	{ SYS_ioctl, 1, PAGEMAP_SCAN, ENOTTY },
};

static int
refuse_form(const struct form *form)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, form->call, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		         (unsigned)offsetof(struct seccomp_data, args[form->argument])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, form->value, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | form->error),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int
refuse_recent_forms(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (refuse_form(&forms[i]))
			return -1;
	}
	return 0;
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
	if (strcmp(arguments[1], "old") == 0 && refuse_recent_forms()) {
		perror("a filter");
		return 2;
	}
	execv(arguments[3], arguments + 3);
	perror(arguments[3]);
	return 2;
}
