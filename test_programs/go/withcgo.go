// Makes a cgo program of the one it is built with: the C library and its threads are there, too,
// and where it runs under libmaptrace.so its marks come from C.
package main

// #include <maptrace.h>
// #include <stdlib.h>
// static void take(const char *label) { maptrace_mark(label); }
import "C"

import "unsafe"

func init() {
	mark = func(label string) {
		text := C.CString(label)
		C.take(text)
		C.free(unsafe.Pointer(text))
	}
}
