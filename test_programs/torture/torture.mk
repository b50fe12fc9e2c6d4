# Programs that torture unwinding, and verify each recorded stack themselves; included by programs.mk.
#
#     build/test_programs/VARIANT/torture/NAME            O0, O2, and pointer: -O2 with frame pointers
#     build/test_programs/torture/pluginN.so              what reload opens
#     build/test_programs/torture/liar/libgcc_s.so.1      an unwinder that lies
#
# Each .c or .cc file here is a program, but for the ones named below.

TORTURE_PARTS := torture pointers plugin liar
TORTURE_C := $(filter-out $(TORTURE_PARTS:%=test_programs/torture/%.c),$(wildcard test_programs/torture/*.c))
TORTURE_CC := $(wildcard test_programs/torture/*.cc)
TORTURE_VARIANTS := O0 O2 pointer
TORTURE_LIAR := $(O)/test_programs/torture/liar/libgcc_s.so.1
TORTURE_PLUGINS := $(foreach n,0 1 2 3,$(O)/test_programs/torture/plugin$(n).so)
TORTURE_PROGRAMS := $(foreach variant,$(TORTURE_VARIANTS),\
                    $(TORTURE_C:test_programs/%.c=$(O)/test_programs/$(variant)/%) \
                    $(TORTURE_CC:test_programs/%.cc=$(O)/test_programs/$(variant)/%)) $(TORTURE_LIAR) $(TORTURE_PLUGINS)

# $(call torture_rules,variant)
define torture_rules
$(TORTURE_C:test_programs/%.c=$(O)/test_programs/$(1)/%): \
    $(O)/test_programs/$(1)/%: $(O)/programs/$(1)/%.o $(O)/programs/$(1)/torture/torture.o
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) -pthread -o $$@ $$(filter %.o,$$^) $$(LDFLAGS) -Wl,-z,lazy
$(TORTURE_CC:test_programs/%.cc=$(O)/test_programs/$(1)/%): \
    $(O)/test_programs/$(1)/%: $(O)/programs/$(1)/%.o $(O)/programs/$(1)/torture/torture.o
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CXX) -pthread -o $$@ $$(filter %.o,$$^) $$(LDFLAGS) -Wl,-z,lazy
$(O)/test_programs/$(1)/torture/calls: $(O)/programs/$(1)/torture/pointers.o
$(O)/programs/$(1)/torture/pointers.o: PROGRAM_C_FLAGS += -fno-omit-frame-pointer
endef
$(foreach variant,$(TORTURE_VARIANTS),$(eval $(call torture_rules,$(variant))))

$(O)/programs/pointer/%.o: test_programs/%.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(PROGRAM_C_FLAGS) -O2 -fno-omit-frame-pointer -c $< -o $@
$(O)/programs/pointer/%.o: test_programs/%.cc $(CHOICE)
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D) && $(CXX) $(PROGRAM_CC_FLAGS) -O2 -fno-omit-frame-pointer -c $< -o $@

$(TORTURE_LIAR): test_programs/torture/liar.c $(CHOICE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(PROGRAM_C_FLAGS) -shared -fPIC -o $@ $< \
	    -DREAL_LIBGCC='"$(realpath $(shell $(CC) -print-file-name=libgcc_s.so.1))"' \
	    -Wl,-soname,libgcc_s.so.1

$(TORTURE_PLUGINS): $(O)/test_programs/torture/plugin%.so: test_programs/torture/plugin.c $(CHOICE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(PROGRAM_C_FLAGS) -O2 -fPIC -shared -DVARIANT=$* -o $@ $<
