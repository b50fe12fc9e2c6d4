// Loads the plugin that its argument names, says what that holds, then marks and waits for a line on
// its standard input.
package main

import (
	"bufio"
	"fmt"
	"os"
	"plugin"
)

var mark = func(string) {}

func main() {
	loaded, err := plugin.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	size, err := loaded.Lookup("Size")
	if err != nil {
		panic(err)
	}
	fmt.Println(size.(func() int)())
	mark("plugged")
	bufio.NewReader(os.Stdin).ReadString('\n')
}
