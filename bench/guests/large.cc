/*
 * A large file for a compiler: cc1plus on this, preprocessed beforehand, is the workload with the
 * most distinct stacks. The library's templates make the bulk; LARGE_COPIES of a class template
 * that uses them make more, each with types of its own; with none of them it is a small file.
 */
#include <iostream>
#include <string>

#if LARGE_COPIES > 0
#include <algorithm>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <iomanip>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

template <int N> struct tag {
	int value = N;
	bool operator<(const tag &other) const { return value < other.value; }
};

template <int N> struct store {
	std::map<tag<N>, std::string> names;
	std::unordered_map<std::string, std::vector<tag<N>>> lists;
	std::variant<int, std::string, tag<N>> any;
	std::optional<std::tuple<tag<N>, std::string, double>> last;

	void add(const std::string &name)
	{
		tag<N> one{static_cast<int>(name.size())};
		names[one] = name;
		lists[name].push_back(one);
		std::sort(lists[name].begin(), lists[name].end());
		any = one;
		last = std::make_tuple(one, name, 0.5 * N);
	}

	std::string tell() const
	{
		std::ostringstream out;
		std::visit([&](const auto &value) { out << sizeof(value) << ' '; }, any);
		std::function<void(const std::string &)> print = [&](const std::string &text) {
			out << std::setw(N + 4) << std::regex_replace(text, std::regex("a+"), "b");
		};
		for (const auto &entry : names)
			print(entry.second);
		return out.str();
	}
};

template <int N> static std::string
tell_one()
{
	store<N> one;
	one.add("name");
	return one.tell();
}

template <int... Ns> static std::string
tell_all(std::integer_sequence<int, Ns...>)
{
	return (tell_one<Ns>() + ...);
}
#endif

int
main()
{
	std::string all;
#if LARGE_COPIES > 0
	all = tell_all(std::make_integer_sequence<int, LARGE_COPIES>());
#endif
	std::cout << all << '\n';
	return 0;
}
