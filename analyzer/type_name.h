/* A map's type as a person wrote it. Called by names.c; JSON keeps the whole type beside it. */
#ifndef ANALYZER_TYPE_NAME_H
#define ANALYZER_TYPE_NAME_H

/* "std::unordered_map<int, std::string>" for the demangled class that it is implemented by. A type
 * that no rule knows comes back as it is, strings shortened. free() it. NULL: no memory. */
char *type_name_as_written(const char *type);

#endif
