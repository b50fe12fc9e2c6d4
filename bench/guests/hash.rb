# A Hash gets N entries whose keys are too long to live in Ruby's own cells, and loses them.
#
#     ruby hash.rb [N]     default 1000000

entries = (ARGV[0] || 1_000_000).to_i
key = ->(number) { "a key that needs a block of its own, number #{number}" }
table = {}
entries.times { |number| table[key[number]] = number }
raise "added too few" unless table.size == entries
entries.times { |number| raise "wrong value" unless table.delete(key[number]) == number }
raise "removed too few" unless table.empty?
puts "#{entries} added and removed"
