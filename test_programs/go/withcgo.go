// Makes a cgo program of the one it is built with: the C library and its threads are there, too,
// and where it runs under libmaptrace.so its marks come from C. With EVENTS in its environment, C
// allocates and frees a small block again and again, to the program's end.
package main

// #include <maptrace.h>
// #include <stdlib.h>
// static void take(const char *label) { maptrace_mark(label); }
// static void allocate(void) {
// 	for (int i = 0; i < 100; i++) {
// 		void *volatile block = malloc(64); // volatile: else there is neither call
// 		free(block);
// 	}
// }
import "C"

import (
	"os"
	"time"
	"unsafe"
)

func init() {
	mark = func(label string) {
		text := C.CString(label)
		C.take(text)
		C.free(unsafe.Pointer(text))
	}
	if os.Getenv("EVENTS") != "" {
		go func() {
			for ; ; time.Sleep(time.Millisecond) {
				C.allocate()
			}
		}()
	}
}
