/*
 * `maptrace go --core FILE --exe PROGRAM`: what a process held when it died, or when gcore looked.
 */
#include "analyzer/go.h"

int
go_core(const struct go *go)
{
	struct go_moment moment = {.label = go->label ? go->label : "core",
				   .cause = TRACE_CAUSE_REQUEST};
	char error[GO_LOOK_ERROR_SIZE];
	struct go_look look;
	int code = COMMAND_FAILED;

	if (go_look_core(&look, go->core, go->program, error) != 0) {
		command_complain(go->command, "%s", error);
	} else if (go_look_read(&look, go->budget_ns, error) != 0) {
		command_complain(go->command, "%s", error);
		code = COMMAND_UNJUDGED;
	} else {
		const struct memory_core_thread *first = look.core.threads.at;

		moment.scan_bytes = look.copied_bytes;
		code = go_tell(go, &look, &moment, look.core.threads.count ? first->id : 0, 0);
	}
	go_look_close(&look);
	return code;
}
