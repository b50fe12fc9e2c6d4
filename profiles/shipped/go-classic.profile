# The map of Go up to 1.23, in real Go programs. They never call malloc: their heap is read by
# code of its own (the layout is golang/classic.c's), from outside by `maptrace go`, and by the library in
# programs with C in them, all of which export crosscall2.
profile go-classic
title "Go map (classic)"
about "map[K]V of Go 1.19 to 1.23 on amd64: 8 cells a bucket, overflow chains, load factor 6.5"
verified "maps of random types made by Go 1.19 beside their own word; esbuild built by 1.19, 1.20, 1.23"

wake outside
wake symbol "crosscall2"

remedy rebuild "make a new map, insert the entries that are left, drop the old one"
remedy pointers "store pointers to the values: a cell takes 8 bytes, a value goes with its entry"
