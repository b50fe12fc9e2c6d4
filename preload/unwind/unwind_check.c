/*
 * Whether the recorded stacks are true, asked at every allocation while MAPTRACE_CHECK_UNWIND=1.
 * The recorded one is read back from the trace, so whatever stands between the registers and the
 * trace (memo, shadow, ids, tree) is under test, not the unwinder alone.
 *
 *     stack id --> nodes of the trace --> recorded --.
 *     unw_step             --> own frames dropped --> compare: every frame, and where the list ends
 *     _Unwind_Backtrace    --> own frames dropped --> compare: the same
 *     the hook's return address           --> compare with the innermost frame
 *
 * Anything is a difference, with one reservation: beyond a frame whose code no unwind table
 * describes
 * (_Unwind_Find_FDE is asked) nobody knows. libgcc ends there; libunwind guesses by the frame
 * pointer, unw_backtrace by what it remembers of earlier guesses and unw_step without. So that
 * frame is the last to be compared. The hook's address is not asked for where this library called
 * itself.
 *
 * Called by books.c after each stack_identify. Rule: nothing here changes what is recorded. Both
 * unwinders believe the tables: where these are wrong, libgcc may read memory that is not there,
 * which ends the guest. That is why this is a mode and not a habit.
 */
#include "preload/unwind/unwind_check.h"

#include "preload/hidden.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/stacks/intern.h"
#include "preload/text.h"
#include "preload/unwind/rules.h"
#include "preload/unwind/stack.h"
#include "preload/unwind/unwinder.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

enum { LIST_ROOM = STACK_DEPTH_MAX + 32, SHOWN_MAX = 5, SENTENCE_ROOM = 640, HEX_ROOM = 19 };

struct unwind_check { /* one thread's scratch */
	uint64_t recorded[LIST_ROOM], other[LIST_ROOM];
};

/* libgcc's own, by their C names; the codes are those of unwind.h. */
enum { URC_NO_REASON = 0, URC_END_OF_STACK = 5 };
struct libgcc {
	int (*backtrace)(int (*visit)(void *frame, void *context), void *context);
	uintptr_t (*get_ip)(void *frame);
	const void *(*find_fde)(void *pc, void *bases[3]);
};

static struct libgcc libgcc;
static uint64_t compared, differing, unknown;

static const char *
unwind_check_open_libgcc(struct libgcc *into)
{
	void *handle = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return dlerror();
	*(void **)&into->get_ip = dlsym(handle, "_Unwind_GetIP");
	*(void **)&into->find_fde = dlsym(handle, "_Unwind_Find_FDE");
	*(void **)&into->backtrace = dlsym(handle, "_Unwind_Backtrace");
	return into->get_ip && into->find_fde && into->backtrace ? NULL : dlerror();
}

void
unwind_check_open(void)
{
	struct libgcc found = { 0 };
	const char *reason = unwind_check_open_libgcc(&found);
	char sentence[SENTENCE_ROOM];

	if (!reason) {
		libgcc = found;
		return;
	}
	text_join(sentence, sizeof(sentence), "unwind check: libgcc_s.so.1 cannot be used (",
	          reason, "): stacks are compared with libunwind's alone", NULL);
	tracer_warn(sentence);
}

struct libgcc_walk {
	uint64_t *into;
	int count;
};

static int
unwind_check_visit(void *frame, void *context)
{
	struct libgcc_walk *walk = context;

	if (walk->count == LIST_ROOM)
		return URC_END_OF_STACK;
	walk->into[walk->count++] = libgcc.get_ip(frame);
	return URC_NO_REASON;
}

/* What of `found` frames would be recorded. */
static struct unwind_list
unwind_check_keep(uint64_t *pcs, int found)
{
	struct unwind_list list = { .pcs = pcs };

	for (int i = 0; i < found; i++) {
		if (pcs[i] && !unwinder_is_own(pcs[i]))
			pcs[list.count++] = pcs[i];
	}
	list.cut = list.count > settings.depth || found == LIST_ROOM;
	if (list.count > settings.depth)
		list.count = settings.depth;
	return list;
}

static struct unwind_list
unwind_check_ask_libunwind(struct thread *thread, uint64_t *into)
{
	int found;

	stack_begin_unwinding(thread);
	found = unwinder_walk((void **)into, LIST_ROOM);
	stack_end_unwinding(thread);
	return unwind_check_keep(into, found);
}

static struct unwind_list
unwind_check_ask_libgcc(struct thread *thread, uint64_t *into)
{
	struct libgcc_walk walk = { .into = into };

	stack_begin_unwinding(thread);
	libgcc.backtrace(unwind_check_visit, &walk);
	stack_end_unwinding(thread);
	return unwind_check_keep(into, walk.count);
}

static struct unwind_list
unwind_check_recorded(uint32_t id, uint64_t *into)
{
	const struct trace_stack *stack = tracer_stack(id);
	struct unwind_list list = { .pcs = into, 
		.cut = tracer_decision(stack->decision)->flags & TRACE_STACK_CUT };

	for (uint32_t node = stack->node; node && list.count < LIST_ROOM;) {
		const struct trace_node *at = tracer_node(node);

		into[list.count++] = tracer_site(at->site)->pc;
		node = at->parent;
	}
	return list;
}

static bool
unwind_check_loses_rbp(uint64_t pc)
{
	struct rule rule = rules_find(pc - 1);

	intern_learned();
	return rule.flags & RULE_LOSES_RBP;
}

/* The frames up to the first one without a table, or up to the caller of one that keeps the frame
 * pointer in another register, if that was found. A return address is looked for by the byte before
 * it, an interrupted instruction by itself: either will do, as a table is the rule. */
static size_t
unwind_check_known(const struct unwind_list *list)
{
	void *bases[3];

	for (size_t i = 0; libgcc.find_fde && i < list->count; i++) {
		if (!libgcc.find_fde((void *)(list->pcs[i] - 1), bases) &&
		    !libgcc.find_fde((void *)list->pcs[i], bases))
			return i + 1;
		if (unwind_check_loses_rbp(list->pcs[i]))
			return i + 2 < list->count ? i + 2 : list->count;
	}
	return SIZE_MAX;
}

size_t
unwind_check_compare(const struct unwind_list *recorded, const struct unwind_list *other,
                     size_t known)
{
	size_t common = recorded->count < other->count ? recorded->count : other->count;

	for (size_t i = 0; i < common && i < known; i++) {
		if (recorded->pcs[i] != other->pcs[i])
			return i;
	}
	if (common >= known)
		return UNWIND_EQUAL;
	if (recorded->count != other->count || recorded->cut != other->cut)
		return common;
	return UNWIND_EQUAL;
}

static char *
unwind_check_hex(char into[HEX_ROOM], uint64_t number)
{
	char *start = into + HEX_ROOM - 1;

	*start = '\0';
	do
		*--start = "0123456789abcdef"[number % 16];
	while (number /= 16);
	return start;
}

/* Appends "0xADDRESS (FILE+0xOFFSET)", or "none" for a frame past the end of its list. */
static void
unwind_check_name(char sentence[SENTENCE_ROOM], const struct unwind_list *list, size_t frame)
{
	struct dl_find_object object;
	char pc[HEX_ROOM], offset[HEX_ROOM];
	size_t used = strlen(sentence);
	const char *name = "?";
	uint64_t start = 0;

	if (frame >= list->count) {
		text_join(sentence + used, SENTENCE_ROOM - used, "none", NULL);
		return;
	}
	if (!_dl_find_object((void *)list->pcs[frame], &object)) {
		start = object.dlfo_link_map->l_addr;
		name = object.dlfo_link_map->l_name;
	}
	text_join(sentence + used, SENTENCE_ROOM - used, "0x",
	          unwind_check_hex(pc, list->pcs[frame]), " (", name[0] ? name : "program", "+0x",
	          unwind_check_hex(offset, list->pcs[frame] - start), ")", NULL);
}

static void
unwind_check_show(const struct unwind_list *recorded, const struct unwind_list *other,
                  const char *whose, size_t frame)
{
	char sentence[SENTENCE_ROOM], index[TEXT_NUMBER_MAX], ours[TEXT_NUMBER_MAX],
	    theirs[TEXT_NUMBER_MAX];

	text_join(sentence, sizeof(sentence), "unwind check: frame ", text_number(index, frame),
	          " of ", text_number(ours, recorded->count), " recorded is ", NULL);
	unwind_check_name(sentence, recorded, frame);
	strncat(sentence, ", but by ", sizeof(sentence) - strlen(sentence) - 1);
	strncat(sentence, whose, sizeof(sentence) - strlen(sentence) - 1);
	strncat(sentence, " it is ", sizeof(sentence) - strlen(sentence) - 1);
	unwind_check_name(sentence, other, frame);
	strncat(sentence, " of ", sizeof(sentence) - strlen(sentence) - 1);
	strncat(sentence, text_number(theirs, other->count),
	        sizeof(sentence) - strlen(sentence) - 1);
	tracer_warn(sentence);
}

/* Returns whether they are equal; shows the first few pairs that are not. */
static bool
unwind_check_judge(const struct unwind_list *recorded, const struct unwind_list *other,
                   const char *whose)
{
	static uint32_t shown;
	size_t frame = unwind_check_compare(recorded, other, SIZE_MAX);

	if (frame != UNWIND_EQUAL) /* seldom enough to look at the tables for it */
		frame = unwind_check_compare(recorded, other, unwind_check_known(recorded));
	if (frame == UNWIND_EQUAL)
		return true;
	if (__atomic_fetch_add(&shown, 1, __ATOMIC_RELAXED) < SHOWN_MAX)
		unwind_check_show(recorded, other, whose, frame);
	return false;
}

/* The hook knows one frame for sure. */
static bool
unwind_check_judge_caller(const struct unwind_list *recorded, uint64_t caller)
{
	const struct unwind_list innermost = { recorded->pcs, recorded->count > 0, false };
	const struct unwind_list hook = { &caller, 1, false };

	return unwinder_is_own(caller) ||
	       unwind_check_judge(&innermost, &hook, "the hook");
}

static void
unwind_check_all(struct thread *thread, uint32_t id, uint64_t caller)
{
	uint64_t *other = thread->check->other;
	struct unwind_list recorded = unwind_check_recorded(id, thread->check->recorded), list;
	bool is_equal = unwind_check_judge_caller(&recorded, caller);

	if (unwinder_walk) {
		list = unwind_check_ask_libunwind(thread, other);
		is_equal &= unwind_check_judge(&recorded, &list, "libunwind");
	}
	if (libgcc.backtrace) {
		list = unwind_check_ask_libgcc(thread, other);
		is_equal &= unwind_check_judge(&recorded, &list, "libgcc");
	}
	__atomic_fetch_add(&compared, 1, __ATOMIC_RELAXED);
	if (!is_equal)
		__atomic_fetch_add(&differing, 1, __ATOMIC_RELAXED);
}

void
unwind_check(struct thread *thread, uint32_t id, uint64_t caller)
{
	if (!thread->check)
		thread->check = hidden_map(sizeof(*thread->check));
	if (id && thread->check)
		unwind_check_all(thread, id, caller);
	else
		__atomic_fetch_add(&unknown, 1, __ATOMIC_RELAXED);
}

void
unwind_check_tell(void)
{
	char sentence[SENTENCE_ROOM], pid[TEXT_NUMBER_MAX], number[3][TEXT_NUMBER_MAX];

	text_join(sentence, sizeof(sentence), "unwind check of process ",
	          text_number(pid, (uint64_t)getpid()), ": ", text_number(number[0], compared),
	          " stacks compared, ", text_number(number[1], differing), " differ, ",
	          text_number(number[2], unknown), " unknown", NULL);
	tracer_warn(sentence);
}

void
unwind_check_after_fork(void)
{
	compared = differing = unknown = 0;
}
