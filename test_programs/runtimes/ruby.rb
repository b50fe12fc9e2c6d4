# Hashes of every kind, with what Ruby itself says of them, for tests/e2e/test_ruby.py.
#
# Prints a JSON line for each, then "ready"; goes on at each line of input. The address of a Hash's
# table stands in its object, which Fiddle reads.
require "fiddle"
require "json"
require "objspace"
require "set"

COUNTS = [*0..60, 64, 65, 100, 127, 128, 129, 255, 256, 257, 500, 1000, 1024, 1025, 2000].freeze
LARGE = 3000
OBJECT = 40 # bytes of an object's slot
HEADER = 56 # and of a table

$kept = []
$rows = []

def slot(hash)
  Fiddle::Pointer.new(Fiddle.dlwrap(hash))[0, OBJECT].unpack("Q*")
end

# Up to 8 entries lie in another kind of table, until there are more.
def table?(hash)
  slot(hash)[0][15] == 1
end

def buckets(hash)
  table?(hash) ? ObjectSpace.memsize_of(hash) - OBJECT - HEADER : 0
end

def fresh(count)
  hash = {}
  count.times { |n| hash[n] = n }
  hash
end

def emptied(count)
  hash = fresh(LARGE)
  (LARGE - count).times { hash.shift }
  hash
end

# No copy of a Hash whose values are counted: it would lie about as garbage and hold them too.
def tell(hash, how, needed = nil)
  twin = how == "strings" ? {} : hash
  $kept << hash
  $rows << { address: slot(hash)[2], how: how, count: hash.size, buckets: buckets(hash),
             header: HEADER, needed: needed, rehashed: buckets(twin.dup.rehash),
             dup: buckets(twin.dup) }
end

def odd_places
  holes = fresh(1000)
  (0...1000).step(3) { |n| holes.delete(n) }
  tell(holes, "half deleted")
  tell(Hash.new { |hash, key| hash[key] = key }.update(fresh(100)), "default")
  tell(fresh(100).compare_by_identity, "identity")
  tell(Set.new(0...100).instance_variable_get(:@hash), "set")
  tell((0...100).to_h { |n| ["key that does not fit into its object #{n}", "and neither does this value #{n}"] },
       "strings")
  inner = fresh(50)
  tell(inner, "inner")
  tell(fresh(20).update(inner: inner), "outer")
  Thread.current[:hash] = fresh(70)
  tell(Thread.current[:hash], "of a thread")
  bound = fresh(80)
  tell(bound, "closure")
  $kept << -> { bound }
end

COUNTS.each do |count|
  needed = buckets(fresh(count))
  tell(fresh(count), "fresh", needed)
  tell(emptied(count), "emptied", needed)
end
500.times { |n| tell(n.even? ? fresh(100) : fresh(100).select! { |key, _| key < 9 }, "many") }
odd_places
$rows.each { |row| puts JSON.generate(row) if row[:buckets].positive? }
puts "ready"
$stdout.flush
$stdin.each_line do
  $kept << "x" * 10_000
  puts "went on"
  $stdout.flush
end
