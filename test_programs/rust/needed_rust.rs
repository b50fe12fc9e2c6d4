// HashMap emptied to every count from 1 on, next to fresh ones, for entries of 1 to 40 bytes; then
// shrink_to_fit() of each that was emptied. The program's allocator counts what maps truly hold and
// how much more there is while one shrinks. See test_programs/needed.h.

mod truth;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use truth::{address_of, mark};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        System.dealloc(block, layout)
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The next count to try: each up to 60, then some 8 % apart.
fn after(count: usize, most: usize) -> usize {
    let next = count + 1 + if count > 60 { count / 12 } else { 0 };
    if count < most && next > most { most } else { next }
}

struct Twins<K, V> {
    emptied: HashMap<K, V>,
    fresh: HashMap<K, V>,
    held: usize, // by the fresh one
}

fn filled<K: Hash + Eq, V: Copy>(count: usize, key: impl Fn(usize) -> K, value: V) -> HashMap<K, V> {
    let mut map = HashMap::new();
    for number in 0..count {
        map.insert(key(number), value);
    }
    map
}

fn twins<K: Hash + Eq, V: Copy>(
    name: &str, most: usize, key: impl Fn(usize) -> K + Copy, value: V,
) -> Vec<Twins<K, V>> {
    let mut all = Vec::with_capacity(most);
    let mut count = 1;
    while count <= most {
        let before = LIVE.load(Relaxed);
        let fresh = filled(count, key, value);
        let held = LIVE.load(Relaxed) - before;
        let mut emptied = filled(most + most / 5, key, value);
        for number in count..most + most / 5 {
            emptied.remove(&key(number));
        }
        all.push(Twins { emptied, fresh, held });
        count = after(count, most);
    }
    for pair in &all {
        println!(
            "{{\"name\": \"{}\", \"count\": {}, \"emptied\": \"{:#x}\", \"fresh\": \"{:#x}\", \
             \"held\": {}}}",
            name, pair.fresh.len(), address_of(&pair.emptied), address_of(&pair.fresh), pair.held
        );
    }
    all
}

fn shrink<K: Hash + Eq, V>(name: &str, all: &mut [Twins<K, V>]) {
    for pair in all {
        let map = &mut pair.emptied;
        let before = LIVE.load(Relaxed);
        PEAK.store(before, Relaxed);
        map.shrink_to_fit();
        let transient = PEAK.load(Relaxed) - before;
        println!(
            "{{\"name\": \"{}\", \"remedy\": \"shrink_to_fit\", \"count\": {}, \"shrunk\": \"{:#x}\", \
             \"transient\": {}}}",
            name, map.len(), address_of(map), transient
        );
    }
}

fn main() {
    let mut words = twins("u64 to u64", 5000, |number| number as u64, 0u64);
    let mut long = twins("u64 to 32 bytes", 500, |number| number as u64, [0u64; 4]);
    let mut short = twins("u16 to u8", 500, |number| number as u16, 0u8);
    let mut bytes = twins("u8 to nothing", 100, |number| number as u8, ());
    mark("needed");
    shrink("u64 to u64", &mut words);
    shrink("u64 to 32 bytes", &mut long);
    shrink("u16 to u8", &mut short);
    shrink("u8 to nothing", &mut bytes);
    mark("shrunk");
}
