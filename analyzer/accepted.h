/*
 * Accepted maps: a file that names maps which may keep memory, so that `check` leaves them out.
 *
 *     # the symbol table lives as long as the process
 *     profile libstdcxx* and function SymbolTable::*
 *     type "std::unordered_map<unsigned int, *"
 *
 * One rule a line: profile, function, type and name with a glob each (* any text, ? one character,
 * all else itself; in double quotes where it has blanks), joined by `and`. A rule accepts a map
 * where all that it names match: the profile's name; any function of the array's allocation stack,
 * as demangled or as in the symbol table; the map's type, as written or whole; the name that the
 * program gave it by maptrace_name. Matching knows no addresses: a rule holds for every run.
 */
#ifndef ANALYZER_ACCEPTED_H
#define ANALYZER_ACCEPTED_H

#include "analyzer/model.h"
#include "analyzer/symbols.h"

struct accepted_error {
	size_t line, column; /* from 1; 0: the file could not be read */
	char message[256];
};

struct accepted_rule {
	char *profile, *function, *type, *name; /* globs; NULL: any */
	char *text;                      /* as written, for messages */
	size_t line;
	size_t used; /* maps that it accepted so far */
};

struct accepted {
	struct accepted_rule *rules;
	size_t count;
};

/* Both return NULL with *error filled. An empty file is a list without rules. */
struct accepted *accepted_read(const char *path, struct accepted_error *error);
struct accepted *accepted_parse(const char *text, size_t size, struct accepted_error *error);
void accepted_release(struct accepted *accepted);

/* Whether a rule accepts this map; counts its use. `name`: that the program gave it, or NULL. */
bool accepted_matches(struct accepted *accepted, const char *profile,
		      const struct model_names *names, const char *name);

/* Whether `glob` matches the whole of `text`. Brackets are themselves, as in operator[]. */
bool accepted_glob_matches(const char *glob, const char *text);

#endif
