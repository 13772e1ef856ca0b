# Counts the words of a text, sorts and groups them, and rewrites each line.
use strict;
use warnings;

my (%count, %by_length, @lines);
open my $file, '<', $ARGV[0] or die "cannot open $ARGV[0]: $!";
while (my $line = <$file>) {
  chomp $line;
  push @lines, $line;
  $count{lc $_}++ for $line =~ /\w+/g;
}
my @sorted = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
push @{ $by_length{length $_} }, $_ for @sorted;
my $table = join ' ', map { "$_: @{$by_length{$_}}" } sort { $a <=> $b } keys %by_length;
s/(\w+)/\u$1/g for @lines;
print length $table, ' ', scalar @lines, "\n";
