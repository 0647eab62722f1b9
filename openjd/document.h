#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openjd/diagnostic.h"

namespace reeve::openjd {

/// What a value of a YAML or JSON document is, by its tag and YAML 1.2's core schema: a quoted 5 is a
/// string, a plain 5 an integer, a plain yes a string.
enum class NodeKind { kNull, kBool, kInt, kFloat, kString, kSequence, kMap };

/// One value of a document.
struct Node {
  struct Key {
    std::string text;
    Mark mark;
  };

  NodeKind kind = NodeKind::kNull;
  Mark mark;
  std::string text;         // of a scalar, as written
  std::vector<Node> items;  // of a sequence; of a map, the values
  std::vector<Key> keys;    // of a map, in step with `items`
};

/// Reads one YAML or JSON document.
///
/// Bounded in bytes, depth and values, with its aliases written out. Repeated keys, keys that are no scalars,
/// tags other than the core schema's, NUL characters, text that is no UTF-8, and a second document are
/// errors.
Checked<Node> parse_document(std::string_view text);

/// "a string", "a list": for error messages.
const char* kind_name(NodeKind kind);

}  // namespace reeve::openjd
