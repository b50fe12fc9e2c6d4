// std::collections::HashMap in many sizes and places: on the stack, in a Box, in a struct, in a
// static, within another map; with entries of many sizes and alignments; grown, half removed, emptied,
// cleared, with room asked for in advance.

mod truth;

use std::cell::RefCell;
use std::collections::hash_map::DefaultHasher;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use truth::{mark, tell, Told};

type Plain<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

#[repr(align(32))]
#[derive(Clone, Copy)]
struct Wide {
    _content: [u8; 32],
}

struct Holder {
    _before: u64,
    map: HashMap<u32, u32>,
    _behind: u64,
}

thread_local! {
    static OWN: RefCell<HashMap<u64, u64>> = RefCell::new(HashMap::new());
}

/// In place: a map that is returned is moved, and the header that it leaves behind on the stack is
/// as good as the one that it lies in now, so that either may be found.
fn fill<V: Copy>(map: &mut HashMap<u64, V>, count: u64, value: V) {
    for key in 0..count {
        map.insert(key, value);
    }
}

fn show<K, V, S: std::hash::BuildHasher + Default>(
    map: &HashMap<K, V, S>, name: &str, place: &str, capacity: usize, is_untouched: bool,
) {
    tell(map, Told { name, place, capacity, values: 0, is_untouched });
}

fn main() {
    let mut small: Vec<HashMap<u64, u64>> = Vec::new();
    small.resize_with(40, HashMap::new);
    for (map, count) in small.iter_mut().zip(1..) {
        fill(map, count, 1);
    }
    for map in &small {
        show(map, &format!("of {}", map.len()), "block", map.capacity(), true);
    }

    let (mut kept, mut half, mut emptied) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut cleared = HashMap::new();
    fill(&mut kept, 20000, 7u64);
    fill(&mut half, 20000, 7u64);
    fill(&mut emptied, 20000, 7u64);
    fill(&mut cleared, 3000, 0u8);
    let (full, third) = (kept.capacity(), cleared.capacity());
    half.retain(|key, _| key % 2 == 0);
    for key in 0..20000 {
        emptied.remove(&key);
    }
    cleared.clear();
    show(&kept, "kept", "stack", full, true);
    show(&half, "half", "stack", full, false);
    show(&emptied, "emptied", "stack", full, false);
    show(&cleared, "cleared", "stack", third, false);

    let ahead: HashMap<u64, u64> = HashMap::with_capacity(5000);
    show(&ahead, "asked for", "stack", ahead.capacity(), false);

    let (mut large, mut wide, mut bytes) = (HashMap::new(), HashMap::new(), HashMap::new());
    fill(&mut large, 300, [0u8; 200]);
    fill(&mut wide, 100, Wide { _content: [0; 32] });
    fill(&mut bytes, 90, 1u8);
    show(&large, "entries of 208", "stack", large.capacity(), true);
    show(&wide, "entries aligned to 32", "stack", wide.capacity(), true);
    show(&bytes, "bytes", "stack", bytes.capacity(), true);

    let mut plain: Plain<u64, u64> = Plain::default();
    let mut holder = Box::new(Holder { _before: 1, map: HashMap::new(), _behind: 2 });
    let mut outer: HashMap<u64, HashMap<u64, u64>> = HashMap::new();
    for key in 0..700 {
        plain.insert(key, key);
        holder.map.insert(key as u32, 1);
        outer.entry(key % 30).or_default().insert(key, key);
        OWN.with(|own| own.borrow_mut().insert(key, key));
    }
    show(&plain, "a hasher without members", "stack", plain.capacity(), true);
    show(&holder.map, "in a struct", "block", holder.map.capacity(), true);
    show(&outer, "outer", "stack", outer.capacity(), true);
    for (key, inner) in &outer {
        show(inner, &format!("inner {}", key), "block", inner.capacity(), true);
    }
    OWN.with(|own| show(&own.borrow(), "of the thread", "other", own.borrow().capacity(), true));
    mark("truth");
}
