// A part of a Go program that it loads while it runs (-buildmode=plugin).
package main

// Kept is a map whose type the program itself may not know.
var Kept = map[string][3]int16{"a": {1, 2, 3}}

// Size tells how many entries it has.
func Size() int { return len(Kept) }
