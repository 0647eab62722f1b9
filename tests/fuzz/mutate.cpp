#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <array>

namespace reeve::fuzz {
namespace {

// std::uniform_int_distribution may differ between libraries; a replay must not.
std::size_t below(std::mt19937_64& random, std::size_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

void flip_bit(std::string& input, std::mt19937_64& random) {
  const std::size_t bit = below(random, input.size() * 8);
  input[bit / 8] = static_cast<char>(static_cast<unsigned char>(input[bit / 8]) ^ (1U << (bit % 8)));
}

// Lengths, counts and signs break at these values.
void set_edge_value(std::string& input, std::mt19937_64& random) {
  static constexpr std::array<unsigned char, 8> kEdges = {0x00, 0x01, 0x7f, 0x80, 0xff, '{', '"', '-'};
  const std::size_t start = below(random, input.size());
  const std::size_t count = std::min<std::size_t>(std::size_t{1} << below(random, 4), input.size() - start);
  std::fill_n(input.begin() + static_cast<std::ptrdiff_t>(start), count,
              static_cast<char>(kEdges[below(random, kEdges.size())]));
}

void remove_range(std::string& input, std::mt19937_64& random) {
  const std::size_t start = below(random, input.size());
  input.erase(start, 1 + below(random, std::min<std::size_t>(64, input.size() - start)));
}

void double_range(std::string& input, std::mt19937_64& random) {
  const std::size_t start = below(random, input.size());
  const std::string range = input.substr(start, 1 + below(random, 256));
  input.insert(below(random, input.size()), range);
}

void splice_from(std::string& input, const std::string& other, std::mt19937_64& random) {
  if (other.empty()) return;
  const std::size_t start = below(random, other.size());
  input.replace(below(random, input.size()), below(random, 64), other, start, 1 + below(random, 256));
}

}  // namespace

void edit_once(std::string& input, const std::vector<std::string>& seeds, std::mt19937_64& random) {
  if (input.empty()) {
    input.push_back(static_cast<char>(random() & 0xff));
    return;
  }
  switch (below(random, 6)) {
    case 0: flip_bit(input, random); break;
    case 1: set_edge_value(input, random); break;
    case 2: remove_range(input, random); break;
    case 3: double_range(input, random); break;
    case 4: splice_from(input, seeds[below(random, seeds.size())], random); break;
    default: input.resize(below(random, input.size())); break;
  }
  if (input.size() > kMaxInputBytes) input.resize(kMaxInputBytes);
}

std::string replay_input(const std::vector<std::string>& seeds, std::uint64_t index) {
  std::string input = seeds[index % seeds.size()];
  if (index < seeds.size()) return input;
  std::mt19937_64 random(index);
  const std::size_t edits = 1 + below(random, 8);
  for (std::size_t i = 0; i < edits; ++i)
    edit_once(input, seeds, random);
  return input;
}

}  // namespace reeve::fuzz
