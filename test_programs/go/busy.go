// A program that is never at rest: goroutines that fill, empty and grow maps, hand each other
// messages and make garbage, while signals and collections come and go. When a line comes on its
// standard input it checks every map and says whether all was sound. -marks N marks so many times
// before; -again marks once more behind the line.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const workers, keys = 4, 3000

var (
	marks = flag.Int("marks", 0, "how many")
	again = flag.Bool("again", false, "mark behind the line, too")
	mark  = func(string) {}    // withcgo.go has another
	calm  = map[uint16]uint8{} // nobody touches it
)

// work moves entries between two maps until it is told to stop; none may be lost.
func work(stop *int32, ping, pong chan int) bool {
	left, right := map[int]string{}, map[string][]int{}
	for i := 0; i < keys; i++ {
		left[i] = fmt.Sprint(i)
	}
	for atomic.LoadInt32(stop) == 0 {
		for i, name := range left {
			delete(left, i)
			right[name] = []int{i}
		}
		ping <- len(right)
		if <-pong != keys {
			return false
		}
		for name, i := range right {
			delete(right, name)
			left[i[0]] = name
		}
		runtime.Gosched()
	}
	return len(left) == keys && len(right) == 0
}

func main() {
	flag.Parse()
	for i := uint16(1); i <= keys; i++ {
		calm[i] = 1
	}
	runtime.GC() // what a look finds of calm hangs on no collection under way
	var stop int32
	var all sync.WaitGroup
	sound := int32(1)
	for i := 0; i < workers; i++ {
		ping, pong := make(chan int), make(chan int)
		go func() {
			for count := range ping {
				pong <- count
			}
		}()
		all.Add(1)
		go func() {
			defer all.Done()
			if !work(&stop, ping, pong) {
				atomic.StoreInt32(&sound, 0)
			}
		}()
	}
	for i := 0; i < *marks; i++ {
		mark(fmt.Sprint("busy ", i))
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	if *again {
		mark("again")
	}
	atomic.StoreInt32(&stop, 1)
	all.Wait()
	if sound == 1 {
		fmt.Println("sound")
	}
}
