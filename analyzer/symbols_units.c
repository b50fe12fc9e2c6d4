/*
 * Lists of units and functions by address, made at the first question and kept.
 *
 *     address --units by range--> unit --functions by range--> function --down its entries--> calls
 *
 * libdw answers the same by walking over all entries of a unit, twice for each address: minutes for
 * a report on a program with a few large units. Here a unit is walked once, and only as deep as
 * functions lie: namespaces, types, and functions within functions.
 *
 * DWARF is untrusted: entries may be anywhere, so depths are cut, and a range that ends before it
 * starts is left out.
 */
#include "analyzer/symbols_units.h"

#include "finder/array.h"

#include <dwarf.h>
#include <stdlib.h>

enum { DEPTH_MAX = 64 };

void
symbols_units_close(struct symbols_units *units)
{
	for (size_t i = 0; i < units->count; i++)
		free(units->list[i].functions.list);
	free(units->list);
	free(units->ranges.list);
	*units = (struct symbols_units){0};
}

/* Without memory a range is left out: its addresses get names from the symbol table alone. */
static void
add_range(struct symbols_ranges *ranges, uint64_t start, uint64_t end, const Dwarf_Die *die)
{
	if (start >= end)
		return;
	if (ranges->count == ranges->room) {
		size_t room = ranges->room ? 2 * ranges->room : 64;
		struct symbols_range *grown = realloc(ranges->list, room * sizeof *grown);

		if (!grown)
			return;
		ranges->list = grown;
		ranges->room = room;
	}
	ranges->list[ranges->count++] = (struct symbols_range){start, end, *die};
}

static void
add_ranges(struct symbols_ranges *ranges, Dwarf_Die *die, Dwarf_Addr bias)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0)
		add_range(ranges, start + bias, end + bias, die);
}

static int
compare(const void *a, const void *b)
{
	const struct symbols_range *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return (left->end < right->end) - (left->end > right->end);
}

static void
sort(struct symbols_ranges *ranges)
{
	if (ranges->count)
		qsort(ranges->list, ranges->count, sizeof *ranges->list, compare);
}

/* The last range that begins at or below `address`, if it reaches it. */
static struct symbols_range *
range_at(const struct symbols_ranges *ranges, uint64_t address)
{
	size_t low;

	if (!ranges->list)
		return NULL;
	low = array_up_to(ranges->list, ranges->count, sizeof *ranges->list,
	                  offsetof(struct symbols_range, start), address);
	return low && ranges->list[low - 1].end > address ? &ranges->list[low - 1] : NULL;
}

/* clang writes no table of addresses, so its units are asked one by one, once. */
static void
list_units(struct symbols_units *units, Dwfl_Module *elf)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	units->is_listed = true;
	while ((unit = dwfl_module_nextcu(elf, unit, &bias)))
		add_ranges(&units->ranges, unit, bias);
	sort(&units->ranges);
}

bool
symbols_units_find(struct symbols_units *units, Dwfl_Module *elf, uint64_t address,
		   Dwarf_Die *unit, Dwarf_Addr *bias)
{
	const struct symbols_range *range;
	Dwarf_Die *found = dwfl_module_addrdie(elf, address, bias);

	if (found) {
		/* the table also answers for start-up code between units, with a neighbour */
		*unit = *found;
		return dwarf_haspc(found, address - *bias) > 0;
	}
	if (!dwfl_module_getdwarf(elf, bias))
		return false;
	if (!units->is_listed)
		list_units(units, elf);
	range = range_at(&units->ranges, address);
	if (range)
		*unit = range->die;
	return range != NULL;
}

static bool
may_hold_functions(int tag)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return true;
	default:
		return false;
	}
}

/* Whether an entry stands for code, not for a declaration or what was inlined elsewhere. */
static bool
has_code(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

static void
list_functions(struct symbols_ranges *functions, Dwarf_Die *parent, int depth)
{
	Dwarf_Die child;

	if (depth == DEPTH_MAX || dwarf_child(parent, &child) != 0)
		return;
	do {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram && has_code(&child)) {
			add_ranges(functions, &child, 0);
			list_functions(functions, &child, depth + 1);
		} else if (may_hold_functions(tag)) {
			list_functions(functions, &child, depth + 1);
		}
	} while (dwarf_siblingof(&child, &child) == 0);
}

static const struct symbols_ranges *
functions_of(struct symbols_units *units, Dwarf_Die *unit)
{
	Dwarf_Off offset = dwarf_dieoffset(unit);
	struct symbols_unit *grown, *added;

	for (size_t i = 0; i < units->count; i++)
		if (units->list[i].offset == offset)
			return &units->list[i].functions;
	grown = realloc(units->list, (units->count + 1) * sizeof *grown);
	if (!grown)
		return NULL;
	units->list = grown;
	added = &units->list[units->count++];
	*added = (struct symbols_unit){.offset = offset};
	list_functions(&added->functions, unit, 0);
	sort(&added->functions);
	return &added->functions;
}

/* The entry directly below `parent` whose code holds `address`. */
static bool
step_down(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *child)
{
	if (dwarf_child(parent, child) != 0)
		return false;
	do {
		int tag = dwarf_tag(child);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
		    dwarf_haspc(child, address) > 0)
			return true;
	} while (dwarf_siblingof(child, child) == 0);
	return false;
}

static void
turn_round(Dwarf_Die *scopes, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		Dwarf_Die saved = scopes[i];

		scopes[i] = scopes[count - 1 - i];
		scopes[count - 1 - i] = saved;
	}
}

size_t
symbols_units_scopes(struct symbols_units *units, Dwarf_Die *unit, Dwarf_Addr address,
		     Dwarf_Die scopes[SYMBOLS_SCOPES_MAX])
{
	const struct symbols_ranges *functions = functions_of(units, unit);
	const struct symbols_range *function = functions ? range_at(functions, address) : NULL;
	size_t count = 0;
	Dwarf_Die at;

	if (!function)
		return 0;
	scopes[count++] = at = function->die;
	for (int depth = 0; depth < SYMBOLS_SCOPES_MAX && step_down(&at, address, &at); depth++)
		if (count < SYMBOLS_SCOPES_MAX && dwarf_tag(&at) == DW_TAG_inlined_subroutine)
			scopes[count++] = at;
	turn_round(scopes, count);
	return count;
}
