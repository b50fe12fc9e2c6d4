/*
 * One module's ELF and DWARF. The file is reported to libdwfl at bias 0, so every address here is
 * an address in the file and modules that overlapped in the guest never meet.
 *
 * A file whose build id is not the one that the guest ran is refused: names from another build
 * would be wrong without a sign of it.
 */
#include "analyzer/symbols_module.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

static bool
refuse(struct symbols_module *module, const char *path, const char *why)
{
	if (asprintf(&module->problem, "%s %s: its frames have no names", path, why) < 0)
		module->problem = NULL;
	if (module->dwfl)
		dwfl_end(module->dwfl);
	module->dwfl = NULL;
	return false;
}

static bool
has_build_id_of(Dwfl_Module *elf, const struct trace_module *row)
{
	const unsigned char *bits;
	GElf_Addr address;
	int size;

	if (row->build_id_size == 0 || row->build_id_size > sizeof row->build_id)
		return true;
	size = dwfl_module_build_id(elf, &bits, &address);
	if (size <= 0)
		return false;
	if ((size_t)size > sizeof row->build_id) /* the trace keeps the first bytes of a long one */
		size = sizeof row->build_id;
	return (uint32_t)size == row->build_id_size &&
	       memcmp(bits, row->build_id, row->build_id_size) == 0;
}

bool
symbols_module_open(struct symbols_module *module, const struct trace_module *row)
{
	struct stat file;

	if (module->is_tried)
		return module->dwfl != NULL;
	module->is_tried = true;
	if (row->path[0] != '/') /* the kernel's pages, code made at run time */
		return false;
	if (stat(row->path, &file) != 0)
		return refuse(module, row->path,
			      errno == ENOENT ? "is not on this machine" : "cannot be read");
	if (!S_ISREG(file.st_mode)) /* opening a pipe or a device that a trace names could block */
		return refuse(module, row->path, "is not a regular file");
	module->dwfl = dwfl_begin(&callbacks);
	if (!module->dwfl)
		return refuse(module, row->path, dwfl_errmsg(-1));
	dwfl_report_begin(module->dwfl);
	module->elf = dwfl_report_elf(module->dwfl, row->path, row->path, -1, 0, true);
	if (!module->elf)
		return refuse(module, row->path, dwfl_errmsg(-1));
	dwfl_report_end(module->dwfl, NULL, NULL);
	if (!has_build_id_of(module->elf, row))
		return refuse(module, row->path, "is not the file that ran (another build id)");
	return true;
}

void
symbols_module_close(struct symbols_module *module)
{
	symbols_table_close(&module->symbols);
	symbols_units_close(&module->units);
	if (module->dwfl)
		dwfl_end(module->dwfl);
	free(module->problem);
}

static const char *
linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return dwarf_formstring(&attribute);
	return NULL;
}

static const char *
call_file(Dwarf_Die *unit, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word index;
	size_t count;

	if (!dwarf_attr(die, DW_AT_call_file, &attribute) || dwarf_formudata(&attribute, &index) ||
	    dwarf_getsrcfiles(unit, &files, &count) || index >= count)
		return NULL;
	return dwarf_filesrc(files, index, NULL, NULL);
}

static uint32_t
call_line(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line;

	if (!dwarf_attr(die, DW_AT_call_line, &attribute) || dwarf_formudata(&attribute, &line) ||
	    line > UINT32_MAX)
		return 0;
	return (uint32_t)line;
}

static void
line_at(Dwarf_Die *unit, Dwarf_Addr address, const char **file, uint32_t *number)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	int value = 0;

	*file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	*number = line && dwarf_lineno(line, &value) == 0 && value > 0 ? (uint32_t)value : 0;
}

static size_t
dwarf_frames(struct symbols_module *module, uint64_t address, struct symbols_frame *frames,
	     size_t limit)
{
	Dwarf_Die unit, scopes[SYMBOLS_SCOPES_MAX];
	Dwarf_Addr bias;
	const char *file;
	uint32_t line;
	size_t count;

	if (!symbols_units_find(&module->units, module->elf, address, &unit, &bias))
		return 0;
	line_at(&unit, address - bias, &file, &line);
	count = symbols_units_scopes(&module->units, &unit, address - bias, scopes);
	if (count > limit)
		count = limit;
	for (size_t i = 0; i < count; i++) {
		frames[i].function = dwarf_diename(&scopes[i]);
		frames[i].symbol = linkage_name(&scopes[i]);
		frames[i].file = file;
		frames[i].line = line;
		frames[i].is_inlined = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine;
		file = call_file(&unit, &scopes[i]);
		line = call_line(&scopes[i]);
	}
	if (count == 0 && file) {
		frames[0].file = file;
		frames[0].line = line;
	}
	return count;
}

size_t
symbols_module_frames(struct symbols_module *module, uint64_t address, struct symbols_frame *frames,
		      size_t limit)
{
	size_t count = dwarf_frames(module, address, frames, limit);
	struct symbols_frame *outer = &frames[count ? count - 1 : 0];

	/* only the table knows names such as hash_grow.part.0, and names where there is no DWARF */
	if (!outer->is_inlined && !outer->symbol)
		outer->symbol =
		    symbols_table_find(&module->symbols, module->elf, address, false);
	if (count == 0 && (outer->symbol || outer->file))
		count = 1;
	return count;
}

const char *
symbols_module_object(struct symbols_module *module, uint64_t address)
{
	return symbols_table_find(&module->symbols, module->elf, address, true);
}
