# Programs that make life hard for whoever lives inside them; included by programs.mk.
#
#     build/test_programs/O2/hardship/NAME          each linked with libearly.so
#     build/test_programs/hardship/libNAME.so       early; plugin: dlopened in a loop; steady: a malloc
#                                                   that signal handlers may call
#
# Each .c or .cc file here is a program, but for the ones named below. All are bound when they start:
# the loader's resolver keeps every register, which takes more than the least stack of a handler has.

HARDSHIP_LIBRARIES := early plugin steady
HARDSHIP_SO := $(HARDSHIP_LIBRARIES:%=$(O)/test_programs/hardship/lib%.so)
HARDSHIP_C := $(filter-out $(patsubst %,test_programs/hardship/%.c,hardship $(HARDSHIP_LIBRARIES)),\
              $(wildcard test_programs/hardship/*.c))
HARDSHIP_PROGRAMS := $(HARDSHIP_C:test_programs/%.c=$(O)/test_programs/O2/%) $(HARDSHIP_SO)

$(HARDSHIP_C:test_programs/%.c=$(O)/test_programs/O2/%): \
    $(O)/test_programs/O2/%: $(O)/programs/O2/%.o $(O)/programs/O2/hardship/hardship.o \
    $(O)/test_programs/hardship/libearly.so
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -pthread -o $@ $(filter %.o,$^) $(LDFLAGS) -Wl,-z,now,--no-as-needed \
	    -L$(O)/test_programs/hardship -learly -Wl,-rpath,'$$ORIGIN/../../hardship'

$(HARDSHIP_SO): $(O)/test_programs/hardship/lib%.so: test_programs/hardship/%.c $(CHOICE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(PROGRAM_C_FLAGS) -O2 -fno-builtin -fPIC -shared -Wl,-z,now -o $@ $<
