# `make lint`: the size of files, cppcheck, clang-tidy (.clang-tidy says what for) and gcc -fanalyzer;
# included by the Makefile. Each source is judged anew only when it, or a header of it, has changed.
#
# The analyzers are sometimes wrong about a file. What is switched off is named here with the reason,
# for that file alone, so that the sources stay free of remarks to tools.

LINTED := $(FLOOR_SRC) $(wildcard profiles/embed/*.c) $(PRELOAD_SRC) $(ANALYZER_SRC)
# NULL is a pointer in glibc's C; signed shifts and conversions are what gcc and clang define them to
# be; a va_list whose function never returns cannot be ended; text_number()'s pointer stays inside;
# what a called function is to fill need not be set before.
CPPCHECK_OFF := varFuncNullUB shiftTooManyBitsSigned signConversion va_end_missing ctuPointerArith \
    ctuuninitvar

# uthash's macros: deleting while iterating, the bytes of a key, the hidden table pointer
$(O)/lint/analyzer/baseline.ok: TIDY_OFF := -clang-analyzer-unix.Malloc
$(O)/lint/analyzer/symbols.ok: TIDY_OFF := -clang-analyzer-core.UndefinedBinaryOperatorResult
# there is an array where its count is not 0
$(O)/lint/analyzer/run_traces.ok: TIDY_OFF := -clang-analyzer-core.NullDereference
$(O)/lint/preload/unwind/unwinder.ok: TIDY_OFF := \
    -clang-analyzer-core.NullDereference,-clang-analyzer-core.NonNullParamChecker
# filled by a system call, as far as the size that was checked
$(O)/lint/preload/stacks/symbols.ok: TIDY_OFF := -clang-analyzer-core.UndefinedBinaryOperatorResult
# the compiler of profiles proves the depth of the stack that the evaluator and the binder rely on
$(O)/lint/profiles/evaluate.ok: TIDY_OFF := -clang-analyzer-core.uninitialized.*
$(O)/lint/profiles/evaluate.ok: ANALYZER_OFF := -Wno-analyzer-use-of-uninitialized-value
$(O)/lint/profiles/bound.ok: ANALYZER_OFF := -Wno-analyzer-use-of-uninitialized-value
# the description of the text is the caller's, and is not looked at after the call
$(O)/lint/finder/memory_self.ok: TIDY_OFF := -clang-analyzer-core.StackAddressEscape
# the paths through uthash's macros are too many: gcc 12 does not end
$(O)/lint/analyzer/baseline.ok: ANALYZER_OFF := -fno-analyzer
$(O)/lint/analyzer/symbols.ok: ANALYZER_OFF := -fno-analyzer
# a reallocarray() that failed has freed nothing
$(O)/lint/analyzer/collect.ok: ANALYZER_OFF := -Wno-analyzer-use-after-free
# what is hung into the model, the list or the verdict is released with it
$(O)/lint/analyzer/load.ok: ANALYZER_OFF := -Wno-analyzer-malloc-leak
$(O)/lint/analyzer/run_traces.ok: ANALYZER_OFF := -Wno-analyzer-malloc-leak
$(O)/lint/analyzer/verdict.ok: ANALYZER_OFF := -Wno-analyzer-malloc-leak
$(O)/lint/analyzer/symbols_units.ok: ANALYZER_OFF := -Wno-analyzer-malloc-leak
# the steps below *count are set
$(O)/lint/analyzer/drop.ok: ANALYZER_OFF := -Wno-analyzer-use-of-uninitialized-value
# names belong to their snapshot and are released with the model; no frames means a count of 0
$(O)/lint/analyzer/names.ok: ANALYZER_OFF := \
    -Wno-analyzer-malloc-leak -Wno-analyzer-null-dereference

$(O)/lint/%.ok: %.c .clang-tidy tests/lint.mk
	$(call say,LINT,$<)
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet --checks='$(TIDY_OFF)' $< -- $(filter-out -MMD -MP,$(BASE)) \
	    2>$(@:.ok=.log) || { cat $(@:.ok=.log); false; }
	$(Q)gcc $(BASE) -MF $(@:.ok=.d) -MT $@ -O1 -fanalyzer $(ANALYZER_OFF) -Werror -c $< -o /dev/null
	$(Q)touch $@

# No source is longer than 400 lines or wider than 100 columns.
SIZES = for file in $(SOURCES); do \
    expand -t 8 $$file | awk -v file=$$file \
        'length > 100 { print file ":" NR ": " length " columns" } \
         END { if (NR > 400) print file ": " NR " lines" }'; done

.PHONY: lint lint-size lint-each
lint-size: ## which sources are longer than 400 lines or wider than 100 columns
	$(Q)beyond=$$($(SIZES)); [ -z "$$beyond" ] || { echo "$$beyond"; exit 1; }
lint: lint-size ## cppcheck, clang-tidy and gcc -fanalyzer over the sources (wants the first two)
	$(call wants,cppcheck,cppcheck clang-tidy)
	$(call wants,clang-tidy,cppcheck clang-tidy)
	$(Q)cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr -I. -Iinclude \
	    $(addprefix --suppress=,$(CPPCHECK_OFF)) --error-exitcode=1 $(LINTED)
	$(Q)+$(AGAIN) --keep-going lint-each
lint-each: $(LINTED:%.c=$(O)/lint/%.ok)
