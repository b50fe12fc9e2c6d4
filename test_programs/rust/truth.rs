// How a Rust test program says what is true of its maps: the lines of test_programs/truth.h, in the
// words of HashMap itself: len(), capacity(), and the size of its entries' type.

#![allow(dead_code)] // each program uses a part of it

use std::collections::HashMap;
use std::ffi::CString;
use std::hash::BuildHasher;
use std::os::raw::{c_char, c_void};

extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// Takes a snapshot where the program is traced: maptrace.h's mark, found by name.
pub fn mark(label: &str) {
    let name = CString::new("maptrace_mark_v1").unwrap();
    let label = CString::new(label).unwrap();
    unsafe {
        let found = dlsym(std::ptr::null_mut(), name.as_ptr());
        if !found.is_null() {
            let take: extern "C" fn(*const c_char) = std::mem::transmute(found);
            take(label.as_ptr());
        }
    }
}

/// Where the table's own fields begin within a map of this type: the compiler chooses whether they
/// stand before or behind the hasher. In every version known the last two of the four words are the
/// entries that still fit and those that are there, so a map with 5 of 7 shows them.
fn table_offset<S: BuildHasher + Default>() -> usize {
    let mut map: HashMap<u64, u64, S> = HashMap::default();
    for key in 0..5 {
        map.insert(key, key);
    }
    let words = std::mem::size_of_val(&map) / 8;
    let at = &map as *const _ as *const u64;
    let word = |i: usize| unsafe { *at.add(i) };
    let spare = (2..words - 1)
        .find(|&i| word(i) == 2 && word(i + 1) == 5)
        .expect("the table's fields are not where they were known to be");
    (spare - 2) * 8
}

/// The address of the table's fields.
pub fn address_of<K, V, S: BuildHasher + Default>(map: &HashMap<K, V, S>) -> usize {
    map as *const _ as usize + table_offset::<S>()
}

/// Bytes of a table whose capacity() was this before anything was removed: the entries, rounded up
/// to 16, a control byte for each place, and 16 more.
pub fn table_bytes<K, V>(capacity: usize) -> usize {
    let buckets = match capacity {
        0 => return 0,
        1..=7 => capacity + 1,
        _ => capacity / 7 * 8,
    };
    (buckets * std::mem::size_of::<(K, V)>() + 15) / 16 * 16 + buckets + 16
}

pub struct Told<'a> {
    pub name: &'a str,
    pub place: &'a str,   // of the header: stack, global, block
    pub capacity: usize,  // capacity() before anything was removed
    pub values: usize,    // bytes of out-of-line keys and values
    pub is_untouched: bool, // nothing was removed, nor asked for in advance
}

/// Prints a map's line.
pub fn tell<K, V, S: BuildHasher + Default>(map: &HashMap<K, V, S>, told: Told) {
    println!(
        "{{\"name\": \"{}\", \"where\": \"{}\", \"address\": \"{:#x}\", \"count\": {}, \
         \"capacity\": {}, \"bucket_bytes\": {}, \"node_bytes\": 0, \"value_bytes\": {}, \
         \"inserts_only\": {}, \"live\": true}}",
        told.name,
        told.place,
        address_of(map),
        map.len(),
        told.capacity,
        table_bytes::<K, V>(told.capacity),
        told.values,
        told.is_untouched
    );
}
