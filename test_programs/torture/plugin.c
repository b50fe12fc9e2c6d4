/*
 * One of four libraries that are loaded at the same address in turn. plugin_call has its call at
 * the same offset in each, and another frame around it.
 */
#ifndef VARIANT
#error "VARIANT is 0 to 3"
#endif

void plugin_call(void (*callback)(void));

#if defined(__x86_64__)
#define ENTRY \
	".pushsection .text\n.balign 64\n.globl plugin_call\n.type plugin_call, @function\n" \
	"plugin_call:\n	.cfi_startproc\n"
#define CALL "	.skip 64 - (. - plugin_call), 0x90\n	callq *%rdi\n"
#define LEAVE "	ret\n	.cfi_endproc\n.size plugin_call, . - plugin_call\n.popsection\n"
#if VARIANT == 0 /* small, by the stack pointer */
__asm__(ENTRY
        "	subq $136, %rsp\n	.cfi_def_cfa_offset 144\n" CALL
        "	addq $136, %rsp\n	.cfi_def_cfa_offset 8\n" LEAVE);
#elif VARIANT == 1 /* large, by the stack pointer */
__asm__(ENTRY
        "	subq $1032, %rsp\n	.cfi_def_cfa_offset 1040\n" CALL
        "	addq $1032, %rsp\n	.cfi_def_cfa_offset 8\n" LEAVE);
#elif VARIANT == 2 /* by the frame pointer */
__asm__(ENTRY
        "	pushq %rbp\n	.cfi_def_cfa_offset 16\n	.cfi_offset %rbp, -16\n"
        "	movq %rsp, %rbp\n	.cfi_def_cfa_register %rbp\n"
        "	subq $128, %rsp\n" CALL
        "	leave\n	.cfi_def_cfa %rsp, 8\n" LEAVE);
#else /* as large as the first, and the frame pointer used for anything */
__asm__(ENTRY
        "	subq $136, %rsp\n	.cfi_def_cfa_offset 144\n"
        "	movq %rbp, 64(%rsp)\n	.cfi_offset %rbp, -80\n"
        "	movl $1, %ebp\n" CALL
        "	movq 64(%rsp), %rbp\n	.cfi_restore %rbp\n"
        "	addq $136, %rsp\n	.cfi_def_cfa_offset 8\n" LEAVE);
#endif
#else
void
plugin_call(void (*callback)(void))
{
	volatile char bytes[64 + VARIANT * 300];
	bytes[VARIANT] = 1;
	callback();
	bytes[VARIANT] = 2;
}
#endif
