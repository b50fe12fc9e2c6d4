# What the test programs are built from; included by the Makefile.
.PHONY: programs
programs:
