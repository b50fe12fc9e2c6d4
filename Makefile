# maptrace: the only build file. `make help` lists what it can do.
#
#   make V=1            show the commands
#   make O=DIR          build under DIR instead of build/
#   make CC=clang       another compiler
#   make CFLAGS=...     comes last and wins
#   make SAN=thread     another sanitizer for the unit tests, or none (default: address,undefined)
#   make FUZZ_SECONDS=N how long `make fuzz` runs each fuzz target (default: 60)

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

CC ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif
CXX ?= c++
ifeq ($(origin CXX),default)
CXX := $(if $(findstring clang,$(CC)),clang++,g++)
endif
O ?= build
SAN ?= address,undefined
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local
DESTDIR ?=
Q := $(if $(V),,@)
# Every core, unless the user said -j.
AGAIN = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

VERSION := 0.1.0
CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wno-unused-parameter
BASE := -std=gnu11 -I. -Iinclude -D_GNU_SOURCE -DMAPTRACE_VERSION='"$(VERSION)"' $(WARN) -MMD -MP
SHIM := -fPIC -fvisibility=hidden -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc \
        -fno-builtin-free -ftls-model=initial-exec -fno-stack-protector \
        -U_FORTIFY_SOURCE -ffunction-sections -fdata-sections -fno-tree-slp-vectorize
SANITIZE := $(if $(filter none,$(SAN)),,-fsanitize=$(SAN) -fno-sanitize-recover=undefined) \
    -fno-omit-frame-pointer -O1 -g
# gcc's ThreadSanitizer warns of each fence that it does not know them.
SANITIZE += $(if $(filter thread,$(SAN)),$(if $(findstring clang,$(CC)),,-Wno-tsan))

FLOOR := trace profiles finder golang
FLOOR_SRC := $(foreach room,$(FLOOR),$(wildcard $(room)/*.c))
PRELOAD_SRC := $(wildcard preload/*.c preload/*/*.c)
ANALYZER_SRC := $(wildcard analyzer/*.c)
EMBEDDED := $(O)/profiles/shipped.c
SHIPPED := $(sort $(wildcard profiles/shipped/*.profile))
COMPILED := $(O)/profiles/compiled.c

CHOICE := $(O)/choice

# $(call objects,tree,sources)
objects = $(patsubst %.c,$(O)/$(1)/%.o,$(2))

.PHONY: all
all: libmaptrace.so maptrace programs ## build the library, the analyzer and the test programs

# What the user chose, in a file that changes when the choice does: `make CC=clang` after `make`
# builds anew. Every object depends on it.
CHOSEN = $(CC) $(CXX) $(CPPFLAGS) $(CFLAGS) $(CXXFLAGS) $(LDFLAGS) $(SAN) $(FUZZ_CC)
$(CHOICE): FORCE
	$(shell mkdir -p $(@D))$(file >$@.new,$(CHOSEN))
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: FORCE
FORCE:

## ---- the library: floor rooms and preload/, needs only libc to load
PRELOAD_OBJ := $(call objects,shim,$(FLOOR_SRC) $(PRELOAD_SRC)) $(O)/shim/profiles/shipped.o \
    $(O)/shim/profiles/compiled.o
# The second is for a build that is looked into: it lies beside its own analyzer.
libmaptrace.so $(O)/san/libmaptrace.so: $(PRELOAD_OBJ) preload/exports.map
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -shared -o $@ $(PRELOAD_OBJ) -Wl,--version-script=preload/exports.map \
	    -Wl,--gc-sections -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-soname,libmaptrace.so $(LDFLAGS)

$(O)/shim/%.o: %.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(SHIM) $(CPPFLAGS) $(CFLAGS) $(SHIM_LAST) -c $< -o $@
$(O)/shim/profiles/shipped.o: $(EMBEDDED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(SHIM) $(CFLAGS) -c $< -o $@
$(O)/shim/profiles/compiled.o: $(COMPILED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(SHIM) $(CFLAGS) -c $< -o $@

## ---- the analyzer
ANALYZER_LIBS := -ldw -lelf -ljansson -liberty
ANALYZER_OBJ := $(call objects,tool,$(FLOOR_SRC) $(ANALYZER_SRC)) $(O)/tool/profiles/shipped.o
maptrace: $(ANALYZER_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $(ANALYZER_OBJ) $(LDFLAGS) $(ANALYZER_LIBS)

$(O)/tool/%.o: %.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(O)/tool/profiles/shipped.o: $(EMBEDDED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(CFLAGS) -c $< -o $@

$(EMBEDDED): profiles/embed/texts.sh $(SHIPPED)
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D) && sh profiles/embed/texts.sh $(SHIPPED) >$@

# A program that runs here prints what the library holds.
COMPILE := $(O)/profiles/compile
$(COMPILE): $(call objects,tool,$(wildcard profiles/*.c) profiles/embed/compile.c) \
    $(O)/tool/profiles/shipped.o
	$(Q)mkdir -p $(@D) && $(CC) -o $@ $^ $(LDFLAGS)
$(COMPILED): $(COMPILE)
	$(call say,COMPILE,$@)
	$(Q)$(COMPILE) >$@.new && mv $@.new $@

## ---- test programs: each at -O0, at -O2, and at -O2 and stripped; the default is -O2 -g
include test_programs/programs.mk
include test_programs/packages.mk

## ---- unit tests: every module under the sanitizers, one program a module
SAN_FLOOR_OBJ := $(call objects,san,$(FLOOR_SRC)) $(O)/san/profiles/shipped.o \
    $(O)/san/profiles/compiled.o
# preload/ without its entry points, which would take over the sanitizer's malloc
PRELOAD_ENTRY := $(addprefix preload/hooks/,hooks.c operators.c ends.c exec.c attributes.c atfork.c \
    sandbox.c)
SAN_PRELOAD_OBJ := $(call objects,san,$(filter-out $(PRELOAD_ENTRY),$(PRELOAD_SRC)))
SAN_ANALYZER_OBJ := $(call objects,san,$(filter-out analyzer/main.c,$(ANALYZER_SRC)))
# Named here, so that the rules for tests that need them are not passed over while they are missing.
.SECONDARY: $(SAN_FLOOR_OBJ) $(SAN_PRELOAD_OBJ) $(SAN_ANALYZER_OBJ)
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/test_*.c))

$(O)/san/%.o: %.c $(CHOICE)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -c $< -o $@
$(O)/san/profiles/shipped.o: $(EMBEDDED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(CFLAGS) $(SANITIZE) -c $< -o $@
$(O)/san/profiles/compiled.o: $(COMPILED) $(CHOICE)
	$(Q)mkdir -p $(@D) && $(CC) $(BASE) $(CFLAGS) $(SANITIZE) -c $< -o $@
$(O)/san/maptrace: $(SAN_FLOOR_OBJ) $(SAN_ANALYZER_OBJ) $(O)/san/analyzer/main.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDFLAGS) $(ANALYZER_LIBS)

link_unit = $(Q)mkdir -p $(@D) && $(CC) $(BASE) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -o $@ \
    $(filter %.c %.o,$^) $(LDFLAGS) -lcmocka
$(O)/tests/unit/test_preload_%: tests/unit/test_preload_%.c $(SAN_FLOOR_OBJ) $(SAN_PRELOAD_OBJ)
	$(call say,TEST,$@)
	$(link_unit)
$(O)/tests/unit/test_analyzer_%: tests/unit/test_analyzer_%.c $(SAN_FLOOR_OBJ) $(SAN_ANALYZER_OBJ)
	$(call say,TEST,$@)
	$(link_unit) $(ANALYZER_LIBS)
$(O)/tests/unit/test_program_%: tests/unit/test_program_%.c $(O)/san/test_programs/gomap.o
	$(call say,TEST,$@)
	$(link_unit)
$(O)/tests/unit/test_%: tests/unit/test_%.c $(SAN_FLOOR_OBJ)
	$(call say,TEST,$@)
	$(link_unit)

.PHONY: unit
unit: $(UNIT) ## build and run the unit tests only
	$(Q)tests/run --unit $(UNIT)

## ---- what looks for faults beyond the tests; the tools for it are not installed by `make deps`
# $(call wants,tools,packages)
wants = @command -v $(1) >/dev/null || { echo "missing: sudo apt-get install $(2)"; exit 1; }

include tests/fuzz/fuzz.mk
include tests/lint.mk
include tests/instruments.mk
include bench/bench.mk

## ---- what people call
.PHONY: deps demo check soak format clean help install uninstall
deps: ## install what is missing (as root or in CI), else print the apt line and stop
	$(Q)sh tests/deps.sh

demo: deps ## the article's experiment under the library, for both value kinds, with its reports
	$(Q)+$(AGAIN) all
	$(Q)sh test_programs/demo.sh $(O)

check: ## every test; ends with one line 'N passed, N failed'
	$(Q)sh tests/deps.sh $(O)/packages
	$(Q)+$(AGAIN) all package-programs $(UNIT) $(REPLAYS) $(O)/san/maptrace $(BENCH_PROGRAMS)
	$(Q)BUILD=$(abspath $(O)) tests/run --all $(UNIT) $(REPLAYS)

soak: ## the hardships and faults as often as a long test wants; takes hours
	$(Q)sh tests/deps.sh $(O)/packages soak
	$(Q)+$(AGAIN) all
	$(Q)BUILD=$(abspath $(O)) tests/run --soak
	$(Q)+$(MAKE) --no-print-directory check-thread check-valgrind

SOURCES = $(shell git ls-files '*.c' '*.h' '*.cc')
format: ## clang-format over all sources
	$(Q)clang-format -i $(SOURCES)

install: libmaptrace.so maptrace ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/maptrace \
	    $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 maptrace $(DESTDIR)$(PREFIX)/bin/maptrace
	install -m 755 libmaptrace.so $(DESTDIR)$(PREFIX)/lib/maptrace/libmaptrace.so
	install -m 644 include/maptrace.h $(DESTDIR)$(PREFIX)/include/maptrace.h
	install -m 644 doc/maptrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/maptrace.1

uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/maptrace $(DESTDIR)$(PREFIX)/include/maptrace.h \
	    $(DESTDIR)$(PREFIX)/share/man/man1/maptrace.1
	rm -rf $(DESTDIR)$(PREFIX)/lib/maptrace

clean: ## remove what was built
	rm -rf $(O) libmaptrace.so maptrace

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' \
	    $(filter-out %.d,$(MAKEFILE_LIST))

-include $(shell find $(O) -name '*.d' -type f 2>/dev/null)
