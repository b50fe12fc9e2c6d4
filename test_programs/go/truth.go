// Hundreds of maps of many types, filled, emptied, hinted, amid a growth, held in many ways; and
// what each of them is, in the program's own words: a line of JSON a map. Then it marks and waits
// for a line on its standard input. -seed chooses how many entries each gets.
//
// What Go does not tell by its language (how large an array is) is read through mirrors of the
// runtime's own structures, by fields that have stood where they are since Go 1.19 (classic.) and
// 1.24 (swiss).
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strings"
	"unsafe"
)

// truth is what a line says.
type truth struct {
	Address string  `json:"address"`
	Type    string  `json:"type"`
	Count   int     `json:"count"`
	Held    string  `json:"held"`
	Buckets uintptr `json:"buckets"` // bytes of the arrays in use, without overflow and old ones
	Growing bool    `json:"growing"`

	// Swiss: deleted slots that are not free; tables, and pointers to them in the directory.
	Tombstones int `json:"tombstones"`
	Tables     int `json:"tables"`
	Pointers   int `json:"pointers"`
}

type classic struct {
	count      int
	flags, b   uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
}

type swiss struct {
	used   uint64
	seed   uintptr
	dir    unsafe.Pointer
	dirLen int
}

type table struct {
	used, capacity, left uint16
	depth                uint8
	index                int
	groups               unsafe.Pointer
	mask                 uint64
}

var (
	seed    = flag.Int64("seed", 1, "chooses sizes and deletions")
	isSwiss = !strings.HasPrefix(runtime.Version(), "go1.19")
	random  *rand.Rand
	said    []func() truth
	global  map[string][]string
	holder  struct{ first, second map[uint16]float64 }
	list    []map[[3]int16]string
	nested  = map[string]map[int]int{}
	kept    []any
	closed  []func() int
	mark    = func(string) {} // withcgo.go has another
)

// slot is how much of a cell a key or value of this size takes: above 128 bytes, a pointer.
func slot(size uintptr) uintptr {
	if size > 128 {
		return 8
	}
	return size
}

// group is the bytes of a Swiss group of eight, whose slots are laid out as Go lays out a struct.
func group[K comparable, V any]() uintptr {
	var k K
	var v V
	switch {
	case unsafe.Sizeof(k) > 128 && unsafe.Sizeof(v) > 128:
		return 8 + 8*16
	case unsafe.Sizeof(k) > 128:
		return 8 + 8*unsafe.Sizeof(struct {
			k unsafe.Pointer
			v V
		}{})
	case unsafe.Sizeof(v) > 128:
		return 8 + 8*unsafe.Sizeof(struct {
			k K
			v unsafe.Pointer
		}{})
	}
	return 8 + 8*unsafe.Sizeof(struct {
		k K
		v V
	}{})
}

// tombstones counts the deleted slots of a table, by the control bytes in front of each group.
func tombstones(at *table, group uintptr) (count int) {
	for i := uintptr(0); i <= uintptr(at.mask); i++ {
		for _, control := range *(*[8]uint8)(unsafe.Add(at.groups, i*group)) {
			if control == 0xfe {
				count++
			}
		}
	}
	return
}

func describeSwiss[K comparable, V any](m *swiss, told *truth) {
	size := group[K, V]()
	if m.dirLen == 0 {
		told.Buckets = size
		return
	}
	told.Pointers = m.dirLen
	told.Buckets = uintptr(m.dirLen) * 8
	var last unsafe.Pointer
	for _, at := range unsafe.Slice((*unsafe.Pointer)(m.dir), m.dirLen) {
		if at == last {
			continue
		}
		last = at
		told.Tables++
		told.Tombstones += tombstones((*table)(at), size)
		told.Buckets += unsafe.Sizeof(table{}) + uintptr((*table)(at).mask+1)*size
	}
}

// describe reads the map as it is when it is called.
func describe[K comparable, V any](m map[K]V, held string) truth {
	at := *(*unsafe.Pointer)(unsafe.Pointer(&m))
	told := truth{Address: fmt.Sprintf("%p", at), Type: fmt.Sprintf("%T", m), Count: len(m), Held: held}
	var k K
	var v V
	if isSwiss {
		describeSwiss[K, V]((*swiss)(at), &told)
		return told
	}
	header := (*classic)(at)
	bucket := 8 + 8*slot(unsafe.Sizeof(k)) + 8*slot(unsafe.Sizeof(v)) + 8
	told.Buckets = bucket << header.b
	told.Growing = header.oldbuckets != nil
	return told
}

func tell[K comparable, V any](m map[K]V, held string) {
	said = append(said, func() truth { return describe(m, held) })
}

// fill returns a map with n entries, of which the first `gone` were deleted again.
func fill[K comparable, V any](n, gone, hint int, key func(int) K, value func(int) V) map[K]V {
	m := make(map[K]V, hint)
	for i := 0; i < n; i++ {
		m[key(i)] = value(i)
	}
	for i := 0; i < gone; i++ {
		delete(m, key(i))
	}
	return m
}

// variants makes maps of one type: small ones, at the edges of growth, emptied, hinted. Two Swiss
// tables of a map of 1,790 hold 896 each at most: one of them has been split, and the other not.
func variants[K comparable, V any](key func(int) K, value func(int) V) {
	sizes := []int{1, 7, 8, 9, 13, 27, 53, 105, 1 + random.Intn(200), 209, 1 + random.Intn(900),
		2000, 1790, 2400}
	for i, n := range sizes {
		gone, hint := 0, 0
		switch i % 4 {
		case 1:
			gone = random.Intn(n + 1)
		case 2:
			gone = n
		case 3:
			hint = n + random.Intn(3*n)
		}
		m := fill(n, gone, hint, key, value)
		kept = append(kept, m)
		tell(m, "heap")
	}
}

type small struct {
	a int32
	b bool
}
type wide [129]byte
type large struct {
	name string
	rest [520]byte
}
type named map[string]int

func text(i int) string { return fmt.Sprint("key ", i) }

func scalars() {
	variants(func(i int) int { return i }, func(i int) int { return -i })
	variants(func(i int) int { return i }, func(int) struct{} { return struct{}{} })
	variants(func(i int) uint16 { return uint16(i) }, func(int) bool { return true })
	variants(func(i int) int32 { return int32(i) }, func(i int) uint8 { return uint8(i) })
	variants(func(i int) float64 { return float64(i) / 3 }, func(i int) complex128 { return complex(0, 1) })
	variants(func(i int) [5]byte { return [5]byte{byte(i), byte(i >> 8)} }, func(i int) int16 { return 7 })
	variants(func(i int) int64 { return int64(i) }, func(int) [128]byte { return [128]byte{} })
	variants(func(i int) int64 { return int64(i) }, func(int) wide { return wide{1} })
	variants(func(i int) wide { return wide{byte(i), byte(i >> 8)} }, func(i int) int { return i })
	variants(func(i int) wide { return wide{byte(i), byte(i >> 8)} }, func(int) wide { return wide{} })
	variants(func(i int) small { return small{int32(i), true} }, func(i int) small { return small{} })
}

func pointers() {
	variants(text, func(i int) int { return i })
	variants(text, text)
	variants(text, func(i int) []byte { return make([]byte, i%9) })
	variants(text, func(i int) *int { return new(int) })
	variants(text, func(i int) any { return i })
	variants(text, func(i int) large { return large{name: "x"} })
	variants(func(i int) int16 { return int16(i) }, func(i int) error { return nil })
	variants(text, func(i int) func() { return func() {} })
	variants(func(i int) [2]string { return [2]string{text(i), "b"} }, func(int) chan int { return nil })
	variants(func(i int) int { return i }, func(i int) map[string]bool { return nil })
	variants(func(i int) int { return i }, func(i int) [3][]int { return [3][]int{} })
	variants(func(i int) large { return large{name: text(i)} }, func(i int) uint32 { return 9 })
	variants(func(i int) *int { return new(int) }, func(i int) large { return large{} })
	variants(func(i int) uint8 { return uint8(i) }, func(i int) *small { return &small{} })
}

// places holds maps in globals, fields, slices, other maps and closures.
func places() {
	global = fill(300, 120, 0, text, func(i int) []string { return nil })
	tell(global, "global")
	holder.first = fill(40, 0, 0, func(i int) uint16 { return uint16(i) }, func(int) float64 { return 1 })
	holder.second = fill(700, 690, 0, func(i int) uint16 { return uint16(i) }, func(int) float64 { return 1 })
	tell(holder.first, "global")
	tell(holder.second, "global")
	for i := 1; i < 20; i++ {
		m := fill(3*i, i, 0, func(i int) [3]int16 { return [3]int16{int16(i)} }, text)
		list = append(list, m)
		tell(m, "heap")
		inner := fill(2*i, 0, 0, func(i int) int { return i }, func(i int) int { return i })
		nested[text(i)] = inner
		tell(inner, "heap")
		caught := fill(5*i, i, i, text, func(i int) small { return small{} })
		closed = append(closed, func() int { return len(caught) })
		tell(caught, "heap")
	}
	tell(nested, "global")
	m := named(fill(33, 3, 0, text, func(i int) int { return i }))
	kept = append(kept, m)
	tell(map[string]int(m), "heap")
	said[len(said)-1] = func() truth {
		told := describe(map[string]int(m), "heap")
		told.Type = "main.named"
		return told
	}
}

func main() {
	flag.Parse()
	random = rand.New(rand.NewSource(*seed))
	scalars()
	pointers()
	places()
	runtime.GC()
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for _, tell := range said {
		encoder.Encode(tell())
	}
	mark("truth")
	fmt.Fprintln(out, "done")
	out.Flush()
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(kept)
	runtime.KeepAlive(closed)
}
