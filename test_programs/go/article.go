// The article's experiment in Go itself: insert entries into a map with int keys, delete them all,
// and see what stays. After each step it prints what the runtime says of its heap; with -wait it
// then stands still until a line comes on its standard input, so that it can be looked at, and prints
// the same again: a collection under way may have ended meanwhile.
//
//	-values inline    map[int][128]byte     values lie in the buckets
//	-values pointer   map[int]*[128]byte    values are objects of their own
//	-values big       map[int][129]byte     the map itself stores them out of line
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
)

var (
	values  = flag.String("values", "inline", "inline, pointer or big")
	entries = flag.Int("entries", 1000000, "entries to add and delete")
	wait    = flag.Bool("wait", false, "wait for a line on standard input after each step")
	rebuild = flag.Bool("rebuild", false, "rebuild the map at the end")
	code    = flag.Int("exit", 0, "end by os.Exit with this code, and not by leaving main")
	input   = bufio.NewReader(os.Stdin)
)

// say prints the bytes of heap objects, those not yet collected included.
func say(name string) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Printf("%s: %d MB (%d KB)\n", name, stats.HeapAlloc>>20, stats.HeapAlloc>>10)
}

func step(name string) {
	say(name)
	if *wait {
		input.ReadString('\n')
		say(name)
	}
}

func experiment[V any](value func() V) {
	m := make(map[int]V)
	step("empty")
	for i := 0; i < *entries; i++ {
		m[i] = value()
	}
	step("added")
	for i := 0; i < *entries; i++ {
		delete(m, i)
	}
	step("deleted")
	runtime.GC()
	step("collected")
	if *rebuild {
		fresh := make(map[int]V)
		for key, kept := range m {
			fresh[key] = kept
		}
		m = fresh
		runtime.GC()
		step("rebuilt")
	}
	if *code != 0 {
		os.Exit(*code)
	}
	runtime.KeepAlive(m)
}

func main() {
	flag.Parse()
	switch *values {
	case "inline":
		experiment(func() (value [128]byte) { return })
	case "pointer":
		experiment(func() *[128]byte { return new([128]byte) })
	case "big":
		experiment(func() (value [129]byte) { return })
	default:
		fmt.Fprintln(os.Stderr, "article: -values must be inline, pointer or big")
		os.Exit(2)
	}
}
