# The unit tests under other instruments than `make check` has, each in a build of its own below
# $(O), and which lines no test runs. The library itself is not run under sanitizers or valgrind: a
# preloaded malloc does not mix with them.

# What an instrument cannot know is skipped under it, with the reason in the test (test_instrument.h):
#
#   - ThreadSanitizer hands a signal on when the call that waits has returned, and wants memory of its
#     own at any moment, some for each word that is mapped;
#   - valgrind makes vfork a fork, so that a spawned program's failure is not told; leaves memory alone
#     that a system call only looks at; and knows of no word on another's stack that it was written;
#   - neither has a terabyte of addresses to reserve.
#
# Without what asks the sanitizer's allocator.
UNIT_NAMES := $(filter-out test_program_gomap,$(notdir $(UNIT)))

.PHONY: check-thread check-valgrind coverage
check-thread: ## the unit tests under ThreadSanitizer
	$(Q)+INSTRUMENT=thread $(AGAIN) O=$(O)/thread SAN=thread unit

check-valgrind: ## the unit tests under valgrind (wants it)
	$(call wants,valgrind,valgrind)
	$(Q)+$(AGAIN) O=$(O)/plain SAN=none $(addprefix $(O)/plain/tests/unit/,$(UNIT_NAMES))
	$(Q)tests/run --valgrind $(addprefix $(O)/plain/tests/unit/,$(UNIT_NAMES))

# Analyzer and library count in the end-to-end tests as well. What a guest does that ends by a
# signal or by _exit is not counted, nor is a snapshot's process; a guest that may not write where
# the counts lie says so on standard error, which fails tests that compare it.
COVERED := $(O)/coverage
coverage: all package-programs ## lines that no test runs: a table, and each by name
	$(Q)+$(AGAIN) O=$(COVERED) SAN=none CFLAGS='$(CFLAGS) --coverage -fprofile-update=atomic' \
	    LDFLAGS='$(LDFLAGS) --coverage' $(COVERED)/san/maptrace $(COVERED)/san/libmaptrace.so \
	    $(addprefix $(COVERED)/tests/unit/,$(UNIT_NAMES))
	$(Q)find $(COVERED) -name '*.gcda' -delete
	-$(Q)BUILD=$(abspath $(O)) ANALYZER=$(abspath $(COVERED))/san/maptrace \
	    LIBRARY=$(abspath $(COVERED))/san/libmaptrace.so \
	    tests/run --all $(addprefix $(COVERED)/tests/unit/,$(UNIT_NAMES))
	$(Q)python3 tests/coverage.py $(COVERED)
