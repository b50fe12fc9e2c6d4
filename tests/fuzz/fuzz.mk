# Hostile input for the readers of what we did not write, one target each. `make fuzz` searches for
# new inputs with libFuzzer; `make check` replays the kept ones (replay.c), which wants no clang.

FUZZ := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLOOR_OBJ := $(call objects,fuzz,$(FLOOR_SRC)) $(O)/fuzz/profiles/shipped.o
FUZZ_PRELOAD_OBJ := $(call objects,fuzz,$(filter-out $(PRELOAD_ENTRY),$(PRELOAD_SRC))) \
    $(O)/fuzz/profiles/compiled.o
FUZZ_ANALYZER_OBJ := $(call objects,fuzz,$(filter-out analyzer/main.c,$(ANALYZER_SRC)))
FUZZ_PRELOAD := cfi symbols
FUZZ_ANALYZER := accepted program report
FUZZ_SAMPLE := trace report
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,$(SAN) -fno-sanitize-recover=undefined -O1 -g
.SECONDARY: $(FUZZ_FLOOR_OBJ) $(FUZZ_PRELOAD_OBJ) $(FUZZ_ANALYZER_OBJ) \
    $(FUZZ:$(O)/fuzz/%=$(O)/fuzz/tests/fuzz/%.o)
$(O)/fuzz/%.o: %.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) $(BASE) $(FUZZ_FLAGS) -c $< -o $@
$(O)/fuzz/profiles/shipped.o: $(EMBEDDED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) $(BASE) $(FUZZ_FLAGS) -c $< -o $@
$(O)/fuzz/profiles/compiled.o: $(COMPILED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) $(BASE) $(FUZZ_FLAGS) -c $< -o $@
$(addprefix $(O)/fuzz/fuzz_,$(FUZZ_PRELOAD)): $(FUZZ_PRELOAD_OBJ)
$(addprefix $(O)/fuzz/fuzz_,$(FUZZ_ANALYZER)): $(FUZZ_ANALYZER_OBJ)
$(addprefix $(O)/fuzz/fuzz_,$(FUZZ_ANALYZER)): FUZZ_LIBS := $(ANALYZER_LIBS)
$(addprefix $(O)/fuzz/fuzz_,$(FUZZ_SAMPLE)): FUZZ_LIBS += -lcmocka
$(FUZZ): $(O)/fuzz/fuzz_%: $(O)/fuzz/tests/fuzz/fuzz_%.o $(FUZZ_FLOOR_OBJ)
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,$(SAN) -o $@ $^ $(FUZZ_LIBS)

.PHONY: fuzz
fuzz: ## each tests/fuzz/ target for FUZZ_SECONDS, under the sanitizers (wants clang)
	$(call wants,$(FUZZ_CC),clang libclang-rt-14-dev)
	$(Q)+$(AGAIN) $(FUZZ) libmaptrace.so programs
	$(Q)sh tests/fuzz/run.sh $(O) $(FUZZ_SECONDS) $(notdir $(FUZZ))

# The same targets over what is kept, in the build of the unit tests.
REPLAYS := $(FUZZ:$(O)/fuzz/%=$(O)/replay/%)
.SECONDARY: $(REPLAYS:$(O)/replay/%=$(O)/san/tests/fuzz/%.o) $(O)/san/tests/fuzz/replay.o
$(addprefix $(O)/replay/fuzz_,$(FUZZ_PRELOAD)): $(SAN_PRELOAD_OBJ)
$(addprefix $(O)/replay/fuzz_,$(FUZZ_ANALYZER)): $(SAN_ANALYZER_OBJ)
$(addprefix $(O)/replay/fuzz_,$(FUZZ_ANALYZER)): FUZZ_LIBS := $(ANALYZER_LIBS)
$(addprefix $(O)/replay/fuzz_,$(FUZZ_SAMPLE)): FUZZ_LIBS += -lcmocka
$(REPLAYS): $(O)/replay/%: $(O)/san/tests/fuzz/%.o $(O)/san/tests/fuzz/replay.o $(SAN_FLOOR_OBJ)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(SANITIZE) -o $@ $^ $(LDFLAGS) $(FUZZ_LIBS)

.PHONY: replay
replay: $(REPLAYS) ## each fuzz target over its kept inputs and fixed changes of them
	$(Q)tests/run --unit $(REPLAYS)
