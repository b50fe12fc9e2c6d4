// HashMap and HashSet whose keys and values have memory of their own: String, Vec, Box. It counts as
// values of that map; an empty String has none.

mod truth;

use std::collections::{HashMap, HashSet};
use truth::{address_of, mark, table_bytes, tell, Told};

fn text(number: usize) -> String {
    format!("a text of some length {}", number)
}

fn main() {
    let mut both: HashMap<String, String> = HashMap::new();
    let mut by_name: HashMap<String, u64> = HashMap::new();
    let mut by_number: HashMap<u64, String> = HashMap::new();
    let mut lists: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut boxes: HashMap<u64, Box<[u64; 9]>> = HashMap::new();
    let mut set: HashSet<String> = HashSet::new();
    for number in 0..3000 {
        both.insert(text(number), if number % 3 == 0 { String::new() } else { text(number + 1) });
        by_name.insert(text(number), number as u64);
        by_number.insert(number as u64, text(number));
        lists.insert(number as u64, vec![7; number % 20]);
        boxes.insert(number as u64, Box::new([1; 9]));
        set.insert(text(number));
    }
    let capacity = both.capacity();
    both.retain(|_, value| value.len() % 2 == 0);

    let show = |name, capacity, values, is_untouched| Told {
        name, place: "stack", capacity, values, is_untouched,
    };
    let bytes = both.iter().map(|(k, v)| k.capacity() + v.capacity()).sum();
    tell(&both, show("string to string, some removed", capacity, bytes, false));
    let bytes = by_name.keys().map(|k| k.capacity()).sum();
    tell(&by_name, show("string to number", by_name.capacity(), bytes, true));
    let bytes = by_number.values().map(|v| v.capacity()).sum();
    tell(&by_number, show("number to string", by_number.capacity(), bytes, true));
    let bytes = lists.values().map(|v| v.capacity() * 4).sum();
    tell(&lists, show("number to list", lists.capacity(), bytes, true));
    tell(&boxes, show("number to box", boxes.capacity(), boxes.len() * 72, true));

    // A set is a map to nothing; its type gives no way to that map but its place.
    let as_map: &HashMap<String, ()> = unsafe { &*(&set as *const _ as *const _) };
    assert!(table_bytes::<String, ()>(set.capacity()) > 0 && address_of(as_map) > 0);
    let bytes = set.iter().map(|k| k.capacity()).sum();
    tell(as_map, show("set of strings", set.capacity(), bytes, true));
    mark("truth");
}
