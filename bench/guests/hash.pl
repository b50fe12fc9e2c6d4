# A hash gets N entries, each with a small array, and loses them one by one.
#
#     perl hash.pl [N]     default 1000000
use strict;
use warnings;

my $entries = shift // 1000000;
my %table;
$table{"key number $_"} = [$_] for 1 .. $entries;
die "added too few\n" unless keys %table == $entries;
for my $number (1 .. $entries) {
	my $value = delete $table{"key number $number"};
	die "wrong value\n" unless $value->[0] == $number;
}
die "removed too few\n" if %table;
print "$entries added and removed\n";
