// A HashMap in the middle of its growth: the program's allocator makes a mark when it has made a
// table and before it takes one back. Like test_programs/erase_moment.h: the map is found true, or
// refused.

mod truth;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use truth::{address_of, mark};

const TABLE: usize = 4096; // larger blocks are tables

static HEADER: AtomicUsize = AtomicUsize::new(0); // of the map that grows; 0: no mark is wanted
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn moment(place: &str) {
    let header = HEADER.load(Relaxed);
    if header != 0 {
        println!(
            "{{\"label\": \"growing {place}\", \"address\": \"{header:#x}\", \"linked\": {count}, \
             \"counted\": {count}}}",
            count = COUNT.load(Relaxed)
        );
        mark(&format!("growing {place}"));
    }
}

struct Marking;

unsafe impl GlobalAlloc for Marking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = System.alloc(layout);
        if layout.size() >= TABLE {
            moment("allocated");
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() >= TABLE {
            moment("freed");
        }
        System.dealloc(block, layout)
    }
}

#[global_allocator]
static MARKING: Marking = Marking;

fn main() {
    println!(); // makes the buffer of standard output
    let mut map: HashMap<u64, u64> = HashMap::new();
    while map.len() < 1000 || map.len() < map.capacity() {
        map.insert(map.len() as u64, 1);
    }
    COUNT.store(map.len(), Relaxed);
    HEADER.store(address_of(&map), Relaxed);
    map.insert(u64::MAX, 1);
    HEADER.store(0, Relaxed);
}
