// A library that C programs load, with a Go runtime of its own (-buildmode=c-shared): fills a map
// that a global holds and says what it is, in the program's own words.
package main

import "C"

import (
	"fmt"
	"unsafe"
)

var kept = map[int64][2]uint32{}

//export Fill
func Fill(count C.long) {
	for i := int64(1); i <= int64(count); i++ {
		kept[i] = [2]uint32{1, 2}
	}
}

//export Drop
func Drop(from C.long) {
	for i := range kept {
		if i > int64(from) {
			delete(kept, i)
		}
	}
}

//export Tell
func Tell() {
	fmt.Printf("{\"address\": \"%p\", \"count\": %d}\n",
		*(*unsafe.Pointer)(unsafe.Pointer(&kept)), len(kept))
}

func main() {}
