<?php
/*
 * Arrays that grow while the environment says how many entries they have, for
 * tests/e2e/test_growing.py, which knows them by their counts: a script cannot see an address.
 */
const FROM = 1000;
const TO = 20000;

$list = [];
for ($i = 0; $i < TO; $i++) {
    if ($i >= FROM)
        putenv("MOMENT=list $i");
    $list[] = $i;
    putenv("MOMENT");
}
$named = [];
for ($i = 0; $i < TO; $i++) {
    $key = "key of $i";
    if ($i >= FROM)
        putenv("MOMENT=named $i");
    $named[$key] = $i;
    putenv("MOMENT");
}
