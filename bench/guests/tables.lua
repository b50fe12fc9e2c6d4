-- W5: a table by numbers and a table by names get N entries each, and lose them.
--
--     lua5.4 tables.lua [N]     default 1000000

local entries = tonumber(arg[1] or "1000000") // 1

local function count(t)
	local n = 0
	for _ in pairs(t) do
		n = n + 1
	end
	return n
end

local numbers, names = {}, {}
for i = 1, entries do
	numbers[i] = i
	names["key number " .. i] = i
end
assert(#numbers == entries and count(names) == entries)
for i = 1, entries do
	local name = "key number " .. i
	assert(numbers[i] == i and names[name] == i)
	numbers[i], names[name] = nil, nil
end
assert(next(numbers) == nil and next(names) == nil)
collectgarbage()
print(string.format("%d entries twice, added and removed", entries))
