// Makes a cgo program of the one it is built with: the C library and its threads are there, too.
package main

// int one(void) { return 1; }
import "C"

var fromC = C.one()
