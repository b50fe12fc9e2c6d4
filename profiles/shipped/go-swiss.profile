# The map of Go from 1.24 on, in real Go programs. They never call malloc: their heap is read by
# code of its own (the layout is golang/swiss.c's), from outside by `maptrace go`, and by the library in
# programs with C in them, all of which export crosscall2.
profile go-swiss
title "Go map (Swiss table)"
about "map[K]V of Go 1.24 to 1.26 on amd64: groups of 8 slots, tables of up to 1024, load factor 7/8"
verified "maps of random types made by Go 1.26 beside their own word; esbuild built by 1.26"

wake outside
wake symbol "crosscall2"

remedy rebuild "make a new map, insert the entries that are left, drop the old one"
remedy pointers "store pointers to the values: a slot takes 8 bytes, a value goes with its entry"
