# A Hash that grows while the environment says how many entries it has, for
# tests/e2e/test_growing.py. Prints the address of its table, which stands in its object.
require "fiddle"
require "json"

FROM = 1000
TO = 20_000
OBJECT = 40 # bytes of an object's slot

hash = {}
FROM.times { |number| hash[number] = number }
address = Fiddle::Pointer.new(Fiddle.dlwrap(hash))[0, OBJECT].unpack("Q*")[2]
puts JSON.generate(kind: "hash", address: address)
(FROM...TO).each do |number|
  ENV["MOMENT"] = "hash #{number}"
  hash[number] = number
  ENV.delete("MOMENT")
end
