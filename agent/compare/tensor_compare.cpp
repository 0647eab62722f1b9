#include <algorithm>

#include "agent/compare/numbers.h"
#include "agent/compare/tensor.h"

namespace reeve::agent::compare {
namespace {

std::string list(const std::vector<std::uint64_t>& numbers) {
  std::string text = "[";
  for (const std::uint64_t number : numbers)
    text += (text.size() > 1 ? ", " : "") + std::to_string(number);
  return text + "]";
}

std::string label(const Tensor& tensor) {
  return tensor.name.empty() ? "" : "tensor '" + one_line(tensor.name, 128) + "': ";
}

/// How many elements apart neighbours along each dimension are.
std::vector<std::uint64_t> strides(const Tensor& tensor) {
  std::vector<std::uint64_t> steps(tensor.shape.size(), 1);
  std::uint64_t step = 1;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::size_t dimension = tensor.fortran_order ? i : steps.size() - 1 - i;
    steps[dimension] = step;
    step *= tensor.shape[dimension];
  }
  return steps;
}

/// Walks two tensors of one shape, neither of them empty, in the order of their indices.
class Walk {
 public:
  Walk(const Tensor& a, const Tensor& b)
      : shape_(a.shape), steps_a_(strides(a)), steps_b_(strides(b)), index_(a.shape.size(), 0) {}

  std::uint64_t at_a() const { return at_a_; }
  std::uint64_t at_b() const { return at_b_; }
  const std::vector<std::uint64_t>& index() const { return index_; }

  /// False after the last one.
  bool next() {
    for (std::size_t d = shape_.size(); d-- > 0;) {
      at_a_ += steps_a_[d];
      at_b_ += steps_b_[d];
      if (++index_[d] < shape_[d]) return true;
      at_a_ -= shape_[d] * steps_a_[d];
      at_b_ -= shape_[d] * steps_b_[d];
      index_[d] = 0;
    }
    return false;
  }

 private:
  const std::vector<std::uint64_t>& shape_;
  std::vector<std::uint64_t> steps_a_, steps_b_, index_;
  std::uint64_t at_a_ = 0, at_b_ = 0;
};

std::string forms_differ(const Tensor& a, const Tensor& b) {
  if (a.type != b.type) return label(a) + std::string(number_name(a.type)) + " and " + number_name(b.type);
  if (a.shape != b.shape) return label(a) + "shape " + list(a.shape) + " and shape " + list(b.shape);
  return "";
}

std::string amount(Number type, const Element& element) {
  if (type == Number::kU64) return std::to_string(element.integer);
  if (type == Number::kI64) return std::to_string(static_cast<std::int64_t>(element.integer));
  return brief(element.number);
}

Verdict compare_one(const Tensor& a, const Tensor& b, const Comparison& how) {
  if (const std::string forms = forms_differ(a, b); !forms.empty()) return differ(forms);
  if (a.elements() == 0) return same("");
  std::uint64_t beyond_bound = 0;
  double worst = -1;
  std::string where;
  Walk walk(a, b);
  do {
    const Element one = element_at(a, walk.at_a());
    const Element other = element_at(b, walk.at_b());
    const Distance apart = distance(a.type, one, other, how.rtol, how.atol);
    if (apart.within) continue;
    ++beyond_bound;
    if (!(apart.by > worst)) continue;
    worst = apart.by;
    where = amount(a.type, one) + " and " + amount(a.type, other) + " at " + list(walk.index());
  } while (walk.next());
  if (beyond_bound == 0) return same("");
  return differ(label(a) + grouped(beyond_bound) + " of " + grouped(a.elements()) +
                " numbers differ by more than the bound, the worst " + where);
}

}  // namespace

Verdict compare_tensors(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const Comparison& how) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (a[i].name != b[i].name)
      return differ("tensor '" + one_line(std::min(a[i].name, b[i].name), 128) + "' is in one of them only");
  if (a.size() != b.size()) return differ(grouped(a.size()) + " and " + grouped(b.size()) + " tensors");
  std::uint64_t numbers = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    Verdict verdict = compare_one(a[i], b[i], how);
    if (!verdict.same()) return verdict;
    numbers += a[i].elements();
  }
  return same("all " + grouped(numbers) + " numbers are within the bound");
}

}  // namespace reeve::agent::compare
