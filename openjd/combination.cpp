#include "openjd/combination.h"

#include <algorithm>
#include <optional>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

}  // namespace

/// Recursive descent: product := term ('*' term)*; term := name | '(' product (',' product)* ')'.
class Combination::Parser {
 public:
  Parser(std::string_view text, std::span<const std::string> names)
      : rest_(text), names_(names), used_(names.size(), false) {}

  Result<Term> parse_all() {
    Result<Term> root = product(0);
    if (!root) return root;
    if (!peek_is('\0')) return syntax();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!used_[i])
        return bad("the parameter " + in_quotes(names_[i]) + " is not used", "name each one once");
    }
    return root;
  }

 private:
  Result<Term> product(std::size_t depth) {
    if (depth > limits::kCombinationDepth) return bad("parentheses nest too deep", "drop the needless ones");
    Term out{Kind::kProduct, 0, {}};
    do {
      Result<Term> member = term(depth);
      if (!member) return member;
      out.members.push_back(*std::move(member));
    } while (take('*'));
    return out;
  }

  Result<Term> term(std::size_t depth) {
    if (!take('(')) return parameter();
    Term out{Kind::kTuple, 0, {}};
    do {
      Result<Term> member = product(depth + 1);
      if (!member) return member;
      out.members.push_back(*std::move(member));
    } while (take(','));
    if (!take(')')) return syntax();
    return out;
  }

  Result<Term> parameter() {
    peek_is('\0');
    std::size_t length = 0;
    while (length < rest_.size() && std::string_view("*(), \t").find(rest_[length]) == std::string_view::npos)
      ++length;
    const std::string_view name = rest_.substr(0, length);
    if (!is_identifier(name, limits::kLongName)) return syntax();
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) return bad(in_quotes(name) + " is no task parameter", "define it, or drop it");
    const auto index = static_cast<std::size_t>(found - names_.begin());
    if (used_[index]) return bad(in_quotes(name) + " is used twice", "name each parameter once");
    used_[index] = true;
    rest_.remove_prefix(length);
    return Term{Kind::kParameter, index, {}};
  }

  /// True when `c` comes next; '\0' stands for the end.
  bool peek_is(char c) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    return rest_.empty() ? c == '\0' : rest_[0] == c;
  }
  bool take(char c) {
    if (!peek_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Error syntax() const {
    const std::string where = rest_.empty() ? "at the end" : "at " + in_quotes(rest_);
    return bad("the expression is wrong " + where, "join parameters with '*', or as '(A, B)'");
  }

  std::string_view rest_;
  std::span<const std::string> names_;
  std::vector<bool> used_;
};

Combination Combination::product_of_all(std::size_t count) {
  Combination out;
  out.root_.kind = Kind::kProduct;
  for (std::size_t i = 0; i < count; ++i)
    out.root_.members.push_back({Kind::kParameter, i, {}});
  return out;
}

Result<Combination> Combination::parse(std::string_view text, std::span<const std::string> names) {
  Result<Term> root = Parser(text, names).parse_all();
  if (!root) return root.error();
  Combination out;
  out.root_ = *std::move(root);
  return out;
}

bool Combination::is_in_tuple(const Term& term, std::size_t parameter, bool inside) {
  if (term.kind == Kind::kParameter) return inside && term.parameter == parameter;
  const bool tuple = inside || (term.kind == Kind::kTuple && term.members.size() > 1);
  return std::any_of(term.members.begin(), term.members.end(),
                     [&](const Term& member) { return is_in_tuple(member, parameter, tuple); });
}

Result<std::uint64_t> Combination::term_size(const Term& term, std::span<const std::uint64_t> sizes) {
  if (term.kind == Kind::kParameter) return sizes[term.parameter];
  std::uint64_t size = 1;
  for (std::size_t i = 0; i < term.members.size(); ++i) {
    const Result<std::uint64_t> member = term_size(term.members[i], sizes);
    if (!member) return member;
    if (term.kind == Kind::kTuple) {
      if (i > 0 && *member != size) {
        return bad("the members of a tuple have " + std::to_string(size) + " and " + std::to_string(*member) +
                       " values",
                   "give each member as many values, or use '*'");
      }
      size = *member;
    } else if (*member != 0 && size > limits::kTasks / *member) {
      return bad("the parameters combine to more than " + std::to_string(limits::kTasks) + " tasks",
                 "split the step");
    } else {
      size *= *member;
    }
  }
  return size;
}

void Combination::set_divisors(const Term& term, std::uint64_t divisor, std::span<const std::uint64_t> sizes,
                               Layout& layout) {
  if (term.kind == Kind::kParameter) {
    layout.divisors[term.parameter] = divisor;
    return;
  }
  for (auto member = term.members.rbegin(); member != term.members.rend(); ++member) {
    set_divisors(*member, divisor, sizes, layout);
    if (term.kind == Kind::kProduct) divisor *= *term_size(*member, sizes);
  }
}

Result<Layout> Combination::lay_out(std::span<const std::uint64_t> sizes) const {
  const Result<std::uint64_t> size = term_size(root_, sizes);
  if (!size) return size.error();
  Layout layout{std::vector<std::uint64_t>(sizes.size(), 1), *size};
  set_divisors(root_, 1, sizes, layout);
  return layout;
}

}  // namespace reeve::openjd
