/*
 * `check` as JSON, schema maptrace-check/1: bytes exact, null for what is not known. Called by
 * check.c. Texts of the trace are escaped first: they need not be UTF-8.
 */
#include "analyzer/write_check.h"
#include "analyzer/write_json.h"

static json_t *
json_map(const struct verdict_map *map)
{
	char address[32];

	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)map->address);
	return json_pack(
	    "{so,ss,so,so,so,so,si,so,so,so,so,so,so,so,so}", "profile",
	    write_json_text(map->profile), "address", address, "name", write_json_text(map->name),
	    "type", write_json_text(map->type), "function", write_json_text(map->function), "file",
	    write_json_text(map->file), "line", (int)map->line, "module",
	    write_json_text(map->module), "count", write_json_number(map->count), "capacity",
	    write_json_number(map->capacity), "held_bytes", write_json_number(map->held),
	    "retained_bytes", write_json_number(map->retained), "retained_bytes_most",
	    write_json_number(map->retained_high), "remedy", write_json_text(map->remedy),
	    "remedy_gives_bytes", map->remedy ? write_json_number(map->gives) : json_null());
}

static json_t *
json_finding(const struct verdict_finding *finding)
{
	static const char *const words[] = {
	    [LIMITS_WITHIN] = "pass",
	    [LIMITS_UNJUDGED] = "unjudged",
	    [LIMITS_OVER] = "over",
	};
	const struct limits_finding *measured = &finding->measured;
	char sentence[1024];

	verdict_sentence(sentence, sizeof(sentence), measured);
	return json_pack(
	    "{ss,ss,ss,so,so,so,so,so,so,so}", "limit", limits_name(measured->kind), "verdict",
	    words[measured->verdict], "message", sentence, "allowed",
	    write_json_number(measured->allowed), "low", write_json_number(measured->low), "high",
	    write_json_number(measured->high), "unexplained_bytes",
	    write_json_number(measured->unexplained), "snapshot", write_json_text(finding->label),
	    "time_ms", write_json_number(finding->ns / 1000000), "map",
	    finding->has_map ? json_map(&finding->map) : json_null());
}

static json_t *
json_verdict(const struct verdict *verdict)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < verdict->finding_count; i++)
		json_array_append_new(findings, json_finding(&verdict->findings[i]));
	return json_pack("{so,so,so,ss,si,so,so,so}", "trace", write_json_text(verdict->path),
			 "program", write_json_text(verdict->program), "pid",
			 verdict->program ? json_integer(verdict->pid) : json_null(), "verdict",
			 verdict_word(verdict->outcome), "complete_snapshots",
			 (int)verdict->complete, "problem", write_json_text(verdict->problem),
			 "note", write_json_text(verdict->note), "findings", findings);
}

static json_t *
json_unused(const struct accepted *accepted)
{
	json_t *unused = json_array();

	for (size_t i = 0; accepted && i < accepted->count; i++)
		if (accepted->rules[i].used == 0)
			json_array_append_new(
			    unused, json_pack("{si,so}", "line", (int)accepted->rules[i].line,
					      "rule", write_json_text(accepted->rules[i].text)));
	return unused;
}

int
write_check_json(FILE *out, const struct check_result *result)
{
	json_t *traces = json_array(), *root;

	for (size_t i = 0; i < result->count; i++)
		json_array_append_new(traces, json_verdict(&result->verdicts[i]));
	root = json_pack("{ss,si,si,si,si,si,so,so}", "schema", "maptrace-check/1", "exit_code",
			 result->exit_code, "over", (int)result->outcomes[VERDICT_OVER], "unjudged",
			 (int)result->outcomes[VERDICT_UNJUDGED], "unreadable",
			 (int)result->outcomes[VERDICT_UNREADABLE], "passed",
			 (int)result->outcomes[VERDICT_WITHIN], "accepted_unused",
			 json_unused(result->accepted), "traces", traces);
	return write_json_document(root, out);
}
