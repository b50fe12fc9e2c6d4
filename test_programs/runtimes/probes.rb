# Hashes with good and bad hashes, and how many places Ruby's searches look at in them, for
# tests/e2e/test_probes.py.
#
# Where all keys have one hash Ruby asks the keys for equality at each place, and that is counted.
# Of others the entries are put into bins of that number again, in order, by the rule of Ruby's st.c.
require "fiddle"
require "json"

UNSIGNED = 2**64 - 1
$kept = []

# A key with a hash of its own, not 0 (Ruby keeps another one then), which counts how often it is
# compared.
class Key
  class << self
    attr_accessor :compared
  end
  attr_reader :hash, :number

  def initialize(number, hash)
    @number = number
    @hash = hash
  end

  def eql?(other)
    Key.compared += 1
    @number == other.number
  end
end
Key.compared = 0

# The table's address, and the number of its bins: both stand in memory that Fiddle reads.
def table(hash)
  Fiddle::Pointer.new(Fiddle.dlwrap(hash))[16, 8].unpack1("Q")
end

def bins(hash)
  log2 = Fiddle::Pointer.new(table(hash))[1, 1].unpack1("C")
  log2 > 5 ? 1 << log2 : 0
end

def walk(key, bins)
  place = perturb = key.hash & UNSIGNED
  looked = 1
  place %= bins
  until yield(place)
    perturb >>= 11
    place = (5 * place + perturb + 1) % bins
    looked += 1
  end
  looked
end

def searched(keys, left, bins)
  return left.map { |key| keys.index(key) + 1 } if bins.zero? # from entry to entry
  taken = {}
  lengths = keys.to_h do |key|
    [key.number, walk(key, bins) { |place| taken[place] ? false : taken[place] = true }]
  end
  left.map { |key| lengths[key.number] }
end

def tell(name, hash, lengths)
  $kept << hash
  puts JSON.generate(name: name, address: table(hash), count: hash.size, all: lengths.sum,
                     longest: lengths.max || 0, is_known: true)
end

def compared(name, keys)
  hash = keys.to_h { |key| [key, 0] }
  lengths = keys.map do |key|
    Key.compared = 0
    hash.fetch(key)
    Key.compared + 1 # itself it is known without a comparison
  end
  tell(name, hash, lengths)
end

def walked(name, keys, left, is_rehashed: false)
  hash = {}
  keys.each { |key| hash[key] = 0 }
  hash.rehash if is_rehashed
  before = bins(hash)
  (keys - left).each { |key| hash.delete(key) }
  raise name unless bins(hash) == before

  tell(name, hash, searched(keys, left, before))
end

def keys(count)
  Array.new(count) { |n| Key.new(n, yield(n)) }
end

compared("one hash", keys(200) { 42 })
in_order = keys(1000) { |n| n + 1 }
walked("in order", in_order, in_order)
steps = keys(1000) { |n| (n + 1) * 512 }
walked("in steps", steps, steps)
walked("holes", holes = keys(900) { |n| (n + 1) * 97 }, holes[0, 1] + holes[200, 500])
walked("negative", negative = keys(500) { |n| -4096 * (n + 1) }, negative)
walked("high bits", high = keys(300) { |n| (n + 1) << 50 }, high)
walked("many", many = keys(40_000) { |n| 3 * (n + 1) }, many)
walked("without bins", small = keys(12) { |n| n % 3 + 1 }, small, is_rehashed: true)
puts "ready"
$stdout.flush
$stdin.each_line do
  $kept << "x" * 10_000
  puts "went on"
  $stdout.flush
end
