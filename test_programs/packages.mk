# Test programs whose maps come from a Debian package or from another compiler; included by the
# Makefile. `make` alone does not build them: `make check` does, behind tests/deps.sh, which installs
# what they need and unpacks the headers of some packages under $(O)/packages.
#
#     test_programs/FAMILY/NAME.{c,cc,rs} --> build/test_programs/{O0,O2,stripped}/NAME
#     test_programs/rust/NAME.rs          --> build/test_programs/newer/NAME, with RUSTC_NEWER=rustc
#
# A .h or a truth.rs in such a folder is no program.

RUSTC := /usr/bin/rustc
# A second Rust compiler to test against, where the machine has a newer one.
RUSTC_NEWER ?=
export RUSTC_NEWER

PACKAGES := $(abspath $(O))/packages
MULTIARCH = $(shell $(CC) -print-multiarch)

# What each family compiles and links with.
absl_FLAGS = $(shell pkg-config --cflags $(absl_MODULES))
absl_LIBS = $(shell pkg-config --libs $(absl_MODULES))
absl_MODULES := absl_flat_hash_map absl_flat_hash_set absl_node_hash_map absl_node_hash_set
libcxx_FLAGS = -nostdinc++ -isystem $(PACKAGES)/libc++-14-dev/usr/lib/llvm-14/include/c++/v1 \
               -Wno-maybe-uninitialized
libcxx_LIBS = -nodefaultlibs -l:libc++.so.1 -l:libc++abi.so.1 -lm -lc -lgcc_s -lgcc
khash_FLAGS = -isystem $(PACKAGES)/libhts-dev/usr/include
jsonc_FLAGS = -isystem $(PACKAGES)/libjson-c-dev/usr/include
jsonc_LIBS = -l:libjson-c.so.5
qt_FLAGS = -fPIC -isystem $(PACKAGES)/qtbase5-dev/usr/include/$(MULTIARCH)/qt5 \
           -isystem $(PACKAGES)/qtbase5-dev/usr/include/$(MULTIARCH)/qt5/QtCore
qt_LIBS = -l:libQt5Core.so.5

FAMILIES := absl libcxx khash jsonc qt
PACKAGE_PROGRAMS :=

# The same maps with all of Abseil within the program.
$(O)/test_programs/%/absl_static: $(O)/programs/%/absl/absl_map.o
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CXX) -o $@ $< $(LDFLAGS) -Wl,-Bstatic \
	    $$(pkg-config --libs --static $(absl_MODULES) | tr ' ' '\n' | grep '^-labsl') -Wl,-Bdynamic
PACKAGE_PROGRAMS += $(O)/test_programs/O0/absl_static $(O)/test_programs/O2/absl_static

# $(call family_rules,family,variant,sources)
define family_rules
$(O)/programs/$(2)/$(1)/%.o: test_programs/$(1)/%.c $(CHOICE)
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(PROGRAM_C_FLAGS) $$($(1)_FLAGS) -$(2) -c $$< -o $$@
$(O)/programs/$(2)/$(1)/%.o: test_programs/$(1)/%.cc $(CHOICE)
	$$(call say,CXX,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CXX) $$(PROGRAM_CC_FLAGS) $$($(1)_FLAGS) -$(2) -c $$< -o $$@
$(patsubst test_programs/$(1)/%.c,$(O)/test_programs/$(2)/%,$(filter %.c,$(3))): \
    $(O)/test_programs/$(2)/%: $(O)/programs/$(2)/$(1)/%.o
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) -o $$@ $$< $$(LDFLAGS) $$($(1)_LIBS)
$(patsubst test_programs/$(1)/%.cc,$(O)/test_programs/$(2)/%,$(filter %.cc,$(3))): \
    $(O)/test_programs/$(2)/%: $(O)/programs/$(2)/$(1)/%.o
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CXX) -o $$@ $$< $$(LDFLAGS) $$($(1)_LIBS)
PACKAGE_PROGRAMS += $(addprefix $(O)/test_programs/$(2)/,$(notdir $(basename $(3))))
endef

# $(call rust_rules,variant,compiler,optimisation,sources)
define rust_rules
$(patsubst test_programs/rust/%.rs,$(O)/test_programs/$(1)/%,$(4)): \
    $(O)/test_programs/$(1)/%: test_programs/rust/%.rs test_programs/rust/truth.rs $(CHOICE)
	$$(call say,RUSTC,$$@)
	$$(Q)mkdir -p $$(@D) && MAKEFLAGS= $(2) --edition 2021 -g -C opt-level=$(3) -o $$@ $$<
PACKAGE_PROGRAMS += $(addprefix $(O)/test_programs/$(1)/,$(notdir $(basename $(4))))
endef

RUST_SOURCES := $(filter-out %/truth.rs,$(wildcard test_programs/rust/*.rs))
$(foreach family,$(FAMILIES),$(foreach variant,O0 O2,$(eval \
    $(call family_rules,$(family),$(variant),$(wildcard test_programs/$(family)/*.c*)))))
$(eval $(call rust_rules,O0,$(RUSTC),0,$(RUST_SOURCES)))
$(eval $(call rust_rules,O2,$(RUSTC),2,$(RUST_SOURCES)))
ifneq ($(RUSTC_NEWER),)
$(eval $(call rust_rules,newer,$(RUSTC_NEWER),2,$(RUST_SOURCES)))
endif
PACKAGE_PROGRAMS += $(patsubst $(O)/test_programs/O2/%,$(O)/test_programs/stripped/%,\
    $(filter $(O)/test_programs/O2/%,$(PACKAGE_PROGRAMS)))

.PHONY: package-programs
package-programs: $(PACKAGE_PROGRAMS) ## build the test programs that need Debian packages
