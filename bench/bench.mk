# What the benchmark runs; included by the Makefile. See bench/README.md.
#
# The guests have no frame pointers, whatever the user's CFLAGS say: what they are compiled with is
# part of the measurement.

BENCH_PROGRAMS := $(addprefix $(O)/bench/,pairs unordered ghash redis_load measure trace_facts pause \
         finder_bench)
BENCH_LARGE := $(addprefix $(O)/bench/,large-full.ii large-small.ii)
BENCH_WARN := $(filter-out -MMD -MP,$(BASE))
BENCH_GUEST := -O2 -g -fomit-frame-pointer

$(O)/bench/pairs: bench/pairs.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_WARN) $(BENCH_GUEST) -pthread -o $@ $<
$(O)/bench/unordered: bench/guests/unordered.cc $(CHOICE)
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D) && $(CXX) -std=gnu++17 -Wall -Wextra $(BENCH_GUEST) -o $@ $<
$(O)/bench/ghash: bench/guests/ghash.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_WARN) $(BENCH_GUEST) $$(pkg-config --cflags glib-2.0) \
	    -o $@ $< $$(pkg-config --libs glib-2.0)
$(O)/bench/redis_load: bench/guests/redis_load.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_WARN) $(BENCH_GUEST) -o $@ $<

# cc1plus is run on these, so that the preprocessor is not measured.
$(O)/bench/large-full.ii: LARGE := -DLARGE_COPIES=4
$(O)/bench/large-small.ii: LARGE := -DLARGE_COPIES=0
$(BENCH_LARGE): bench/guests/large.cc $(CHOICE)
	$(call say,CPP,$@)
	$(Q)mkdir -p $(@D) && g++ -std=gnu++17 $(LARGE) -E -o $@ $<

$(O)/bench/measure: bench/measure.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_WARN) -O2 -g -static -o $@ $<
$(O)/bench/trace_facts: bench/trace_facts.c $(call objects,tool,$(wildcard trace/*.c))
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_WARN) $(CFLAGS) -o $@ $^
$(O)/bench/pause: bench/pause.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BENCH_WARN) -O2 -g -o $@ $<
$(O)/bench/finder_bench: $(call objects,tool,bench/finder_bench.c bench/finder_guest.c) \
    $(call objects,tool,$(wildcard finder/*.c profiles/*.c) $(GOMAP)) $(O)/tool/profiles/shipped.o
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -o $@ $^ $(LDFLAGS) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=free

.PHONY: bench bench-quick bench-deps bench-build bench-doc
bench-deps: ## install what the benchmark compares with (as root or in CI), else print the apt line
	$(Q)sh bench/deps.sh
bench-build: all $(BENCH_PROGRAMS) $(BENCH_LARGE)
bench: bench-deps ## what tracing costs, beside other tools; BENCH=W1,W2 TOOLS=heaptrack RUNS=5 FRESH=1
	$(Q)+$(AGAIN) bench-build
	$(Q)BUILD=$(abspath $(O)) bench/run.py $(if $(BENCH),--only $(BENCH)) \
	    $(if $(TOOLS),--tools $(TOOLS)) $(if $(RUNS),--runs $(RUNS)) $(if $(FRESH),--fresh)
bench-quick: bench-deps ## the same at a tenth of the sizes, in a few minutes: not for publishing
	$(Q)+$(AGAIN) bench-build
	$(Q)BUILD=$(abspath $(O)) bench/run.py --quick
bench-doc: ## put the tables of the last `make bench` into doc/performance.md
	$(Q)BUILD=$(abspath $(O)) bench/run.py --document
