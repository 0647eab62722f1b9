#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace reeve::openjd {

/// How a task's index splits into one index a parameter:
/// index of parameter p = (task index / divisors[p]) mod (values of p).
/// Products and tuples nest to any depth and still come down to this one division.
struct Layout {
  std::vector<std::uint64_t> divisors;  // a parameter each, in the order of their definition
  std::uint64_t size = 1;               // tasks
};

/// "(A, B) * C": tuples advance together, of a product the rightmost varies fastest. Source: 2023-09, 3.4.3.
class Combination {
 public:
  /// The product of all `count` parameters, in the order of their definition.
  static Combination product_of_all(std::size_t count);
  /// Errors: syntax, a name that is no parameter, a parameter missing or twice.
  static Result<Combination> parse(std::string_view text, std::span<const std::string> names);

  /// True when the parameter advances together with another one.
  bool is_in_tuple(std::size_t parameter) const { return is_in_tuple(root_, parameter, false); }

  /// sizes  values of each parameter, in the order of their definition
  /// Errors: members of a tuple that differ in length; more than 2^32 - 2 tasks.
  Result<Layout> lay_out(std::span<const std::uint64_t> sizes) const;

 private:
  enum class Kind { kParameter, kProduct, kTuple };
  struct Term {
    Kind kind = Kind::kParameter;
    std::size_t parameter = 0;
    std::vector<Term> members;
  };
  class Parser;

  static bool is_in_tuple(const Term& term, std::size_t parameter, bool inside);
  static Result<std::uint64_t> term_size(const Term& term, std::span<const std::uint64_t> sizes);
  static void set_divisors(const Term& term, std::uint64_t divisor, std::span<const std::uint64_t> sizes,
                           Layout& layout);

  Term root_;
};

}  // namespace reeve::openjd
