# What the test programs are built from; included by the Makefile.
#
#     build/test_programs/O0/NAME         -O0 -g
#     build/test_programs/O2/NAME         -O2 -g
#     build/test_programs/stripped/NAME   the same as O2, stripped
#     build/test_programs/article         the same as O2/article, for people
#     build/test_programs/moments.so      preloaded/moments.c
#
# Each .c or .cc file here is a program, but for the Go-style map and the told time that some of them
# use. The variant's own optimisation comes after the user's CFLAGS, since that is what a variant is.

GOMAP := test_programs/gomap.c test_programs/gomap_array.c
TOLD_TIME := test_programs/told_time.c
PROGRAM_C := $(filter-out $(GOMAP) $(TOLD_TIME),$(wildcard test_programs/*.c))
PROGRAM_CC := $(wildcard test_programs/*.cc)
PROGRAM_NAMES := $(notdir $(basename $(PROGRAM_C) $(PROGRAM_CC)))
PROGRAM_VARIANTS := O0 O2 stripped
PROGRAMS := $(foreach variant,$(PROGRAM_VARIANTS),\
            $(addprefix $(O)/test_programs/$(variant)/,$(PROGRAM_NAMES))) $(O)/test_programs/article \
            $(O)/test_programs/moments.so

PROGRAM_C_FLAGS = $(BASE) $(CPPFLAGS) $(CFLAGS) -pthread -g
PROGRAM_CC_FLAGS = $(filter-out -std=% -Wstrict-prototypes -Wmissing-prototypes,$(BASE)) \
                   -std=gnu++17 -fsized-deallocation $(CPPFLAGS) $(CXXFLAGS) -pthread -g

include test_programs/torture/torture.mk
include test_programs/hardship/hardship.mk

.PHONY: programs
programs: $(PROGRAMS) $(TORTURE_PROGRAMS) $(HARDSHIP_PROGRAMS) ## build the test programs in all variants

# $(call program_rules,variant)
define program_rules
$(O)/programs/$(1)/%.o: test_programs/%.c $(CHOICE)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(PROGRAM_C_FLAGS) -$(1) -c $$< -o $$@
$(O)/programs/$(1)/%.o: test_programs/%.cc $(CHOICE)
	$$(call say,CXX,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CXX) $$(PROGRAM_CC_FLAGS) -$(1) -c $$< -o $$@
$(patsubst test_programs/%.c,$(O)/test_programs/$(1)/%,$(PROGRAM_C)): \
    $(O)/test_programs/$(1)/%: $(O)/programs/$(1)/%.o
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) -pthread -o $$@ $$(filter %.o,$$^) $$(LDFLAGS) $$(PROGRAM_LIBS)
$(patsubst test_programs/%.cc,$(O)/test_programs/$(1)/%,$(PROGRAM_CC)): \
    $(O)/test_programs/$(1)/%: $(O)/programs/$(1)/%.o
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CXX) -pthread -o $$@ $$(filter %.o,$$^) $$(LDFLAGS)
$(addprefix $(O)/test_programs/$(1)/,$(GOMAP_PROGRAMS)): \
    $(patsubst test_programs/%.c,$(O)/programs/$(1)/%.o,$(GOMAP))
$(addprefix $(O)/test_programs/$(1)/,$(TOLD_TIME_PROGRAMS)): \
    $(patsubst test_programs/%.c,$(O)/programs/$(1)/%.o,$(TOLD_TIME))
$(addprefix $(O)/test_programs/$(1)/,$(TOLD_TIME_PROGRAMS)): \
    LDFLAGS += -Wl,--export-dynamic-symbol=clock_gettime
$(O)/test_programs/$(1)/arena_gomap: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=free
$(addprefix $(O)/programs/$(1)/,$(addsuffix .o,$(GLIB_PROGRAMS))): \
    PROGRAM_C_FLAGS += $$(shell pkg-config --cflags glib-2.0)
$(addprefix $(O)/test_programs/$(1)/,$(GLIB_PROGRAMS)): \
    PROGRAM_LIBS = $$(shell pkg-config --libs glib-2.0)
endef

GOMAP_PROGRAMS := arena_gomap article children ends forks hold_empty marker needed_gomap \
                  server_empty short_children
TOLD_TIME_PROGRAMS := automatic hold_empty
GLIB_PROGRAMS := ghash_map ghash_set erase_ghash ghash_churn grow_ghash needed_ghash \
                 probes_ghash
$(eval $(call program_rules,O0))
$(eval $(call program_rules,O2))

$(O)/test_programs/stripped/%: $(O)/test_programs/O2/%
	$(call say,STRIP,$@)
	$(Q)mkdir -p $(@D) && strip -o $@ $<
# Preloaded by tests, before the library.
$(O)/test_programs/moments.so: test_programs/preloaded/moments.c $(CHOICE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(PROGRAM_C_FLAGS) -O2 -fPIC -shared -o $@ $< $(LDFLAGS)
$(O)/test_programs/article: $(O)/test_programs/O2/article
	$(Q)cp $< $@

# The Go-style map's unit test links both of its halves.
$(O)/tests/unit/test_program_gomap: $(patsubst %.c,$(O)/san/%.o,$(GOMAP))
