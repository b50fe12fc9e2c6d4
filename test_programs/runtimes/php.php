<?php
/*
 * Arrays of every kind, with what PHP itself says of them, for tests/e2e/test_php.py.
 *
 * Prints a JSON line for each, then "ready"; goes on at each line of input. A script cannot see an
 * address: the test knows its arrays by how many entries they have in a table of which size. Sizes are
 * those of memory_get_usage(), so they are told only with PHP's own allocator, rounded as it does.
 */
const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 24, 25, 31, 32, 33, 40, 50,
                60, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257, 500, 511, 512, 513, 1000, 1024, 1025, 2000];
const LARGE = 3000;
const HEADER = 56;
const NAMES = 5000; /* made once, so that keys cost nothing below */

$kept = [];
$names = [];
for ($i = 0; $i < NAMES; $i++)
    $names[] = "name " . $i;

/* The same entries, inserted one by one. */
function fresh(string $kind, int $count): array
{
    global $names;
    $array = [];
    for ($i = 0; $i < $count; $i++) {
        if ($kind == "list")
            $array[] = $i;
        else
            $array[$names[$i]] = $i;
    }
    return $array;
}

/* In an array that was large. */
function emptied(string $kind, int $count): array
{
    global $names;
    $array = fresh($kind, LARGE);
    for ($i = $count; $i < LARGE; $i++) {
        if ($kind == "list")
            unset($array[$i]);
        else
            unset($array[$names[$i]]);
    }
    return $array;
}

/* A list that lost every other of its entries: what is left, in this order, makes a hash table. */
function holes(): array
{
    $array = fresh("list", LARGE);
    for ($i = 0; $i < LARGE; $i += 2)
        unset($array[$i]);
    return $array;
}

function rebuilt(array $from): array
{
    $array = [];
    foreach ($from as $key => $value)
        $array[$key] = $value;
    return $array;
}

/* What making an array takes, by the allocator's own count; its header left out. */
function bytes(callable $make): int
{
    $before = memory_get_usage();
    $array = $make();
    return memory_get_usage() - $before - HEADER;
}

foreach (["list", "named"] as $kind) {
    foreach (COUNTS as $count) {
        foreach (["fresh", "emptied"] as $how) {
            $array = $how == "fresh" ? fresh($kind, $count) : emptied($kind, $count);
            $kept[] = $array;
            echo json_encode(["kind" => $kind, "how" => $how, "count" => count($array),
                              "bytes" => bytes(fn() => $how($kind, $count)),
                              "needed" => bytes(fn() => fresh($kind, $count))]), "\n";
        }
    }
}
$gaps = holes();
echo json_encode(["kind" => "list", "how" => "holes", "count" => count($gaps),
                  "bytes" => bytes(fn() => holes()),
                  "needed" => bytes(fn() => rebuilt($gaps)),
                  "values" => bytes(fn() => array_values($gaps))]), "\n";
$kept[] = emptied("list", 0);
$kept[] = emptied("named", 0);
$halves = fresh("named", 4001);
for ($i = 0; $i < 4001; $i += 3)
    unset($halves[$names[$i]]);
$object = new stdClass; /* the properties of an object, and arrays within arrays */
for ($i = 0; $i < 777; $i++)
    $object->{$names[$i]} = fresh("list", 3);
echo "ready\n";
while (fgets(STDIN) !== false) {
    putenv("EVENT=1"); /* by malloc, whatever allocator PHP uses */
    echo "went on\n";
}
