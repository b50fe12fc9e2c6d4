<?php
/*
 * Arrays of numbers that share slots of their tables, and how many places PHP's searches look at in
 * them, for tests/e2e/test_probes.py. PHP puts a new entry first into its slot's list, so a search
 * passes over those of the slot that came later. A script cannot see an address: the test knows its
 * arrays by how many entries they have.
 */
const FIRST = 1 << 20; /* a number that no list begins with */

$kept = [];

function tell(string $name, array $keys, array $left): void
{
    global $kept;
    $array = [];
    foreach ($keys as $key)
        $array[$key] = 1;
    $slots = 8;
    while ($slots < count($keys))
        $slots *= 2;
    foreach (array_diff($keys, $left) as $key)
        unset($array[$key]);
    $passed = [];
    $lengths = [];
    foreach (array_reverse($left) as $key) {
        $slot = $key & (2 * $slots - 1);
        $passed[$slot] = ($passed[$slot] ?? 0) + 1;
        $lengths[] = $passed[$slot];
    }
    $kept[] = $array;
    echo json_encode(["name" => $name, "slots" => $slots, "count" => count($array),
                      "all" => array_sum($lengths), "longest" => max($lengths)]), "\n";
}

function keys(int $count, int $step): array
{
    return array_map(fn($n) => FIRST + $n * $step, range(1, $count));
}

tell("in order", keys(3001, 1), keys(3001, 1));
tell("in steps", keys(3003, 64), keys(3003, 64));
tell("one slot", keys(305, 1024), keys(305, 1024));
tell("half left", keys(3007, 1000), array_slice(keys(3007, 1000), 1501));
tell("negative", keys(307, -4096), keys(307, -4096));
echo "ready\n";
while (fgets(STDIN) !== false) {
    putenv("EVENT=1"); /* by malloc, whatever allocator PHP uses */
    echo "went on\n";
}
